/**
 * `agent redirect`: the init container of `--redirect nftables`. Sends what comes from outside the pod for a taken port to
 * the agent. Connections made inside the pod take the output hook, not the prerouting hook: the agent's own way to the
 * application and the application's to itself stay as they are, without a mark.
 */
import { spawn } from 'node:child_process';
import type { TakenPort } from '../src/contract/index.ts';
import { raise } from '../src/errors/index.ts';

/** The rule set for nft(8); running it again replaces what it set before. */
export function renderRuleset(ports: readonly TakenPort[]): string {
  const rules = ports
    .filter(({ redirect }) => redirect === 'nftables')
    .map(
      ({ protocol, appPort, listenPort }) =>
        `    ${protocol.toLowerCase()} dport ${appPort} redirect to :${listenPort}`,
    );
  return [
    'table inet tp',
    'delete table inet tp',
    'table inet tp {',
    '  chain prerouting {',
    '    type nat hook prerouting priority dstnat; policy accept;',
    ...rules,
    '  }',
    '}',
    '',
  ].join('\n');
}

/** @throws {INTERNAL} with what nft printed */
export async function applyRuleset(ruleset: string): Promise<void> {
  const child = spawn('nft', ['-f', '-'], { stdio: ['pipe', 'inherit', 'pipe'] });
  const messages: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => messages.push(chunk));
  child.stdin.end(ruleset);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  if (code !== 0)
    raise('INTERNAL', {
      reason: `nft: ${Buffer.concat(messages).toString('utf8').trim() || `exit code ${String(code)}`}`,
    });
}
