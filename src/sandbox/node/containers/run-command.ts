import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Runs one of the system's programs and returns what it printed. Only for programs that end by themselves at once.
 * @throws {Error} when it cannot be started or fails; the message is what it printed on stderr.
 */
export async function runCommand(file: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  // A program that does not read its input is not an error.
  child.stdin.on('error', () => undefined).end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0)
    throw new Error(`${file} ${args.join(' ')}: ${output.stderr.trim() || `exit code ${code}`}`);
  return output.stdout;
}
