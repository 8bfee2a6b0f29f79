/** What the server says of itself at `/version`. */
export const serverVersion: Readonly<Record<string, string>> = {
  major: '1',
  minor: '32',
  gitVersion: 'v1.32.0+tp.sandbox',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: 'node',
  platform: 'linux/amd64',
};
