import type { Command } from 'commander';
import { findCompletion } from '../completion/complete.ts';
import { findNames } from '../completion/names.ts';
import { completionScript, type Shell } from '../completion/scripts.ts';
import type { CliContext } from '../context.ts';

/** `tp completion SHELL` */
export async function completion(cli: CliContext, shell: Shell): Promise<void> {
  const script = completionScript(shell);
  await cli.print({ shell, script }, () => script);
}

/** `tp __complete -- WORD…`, for the scripts; what it prints is described in `completion/scripts.ts`. */
export async function complete(cli: CliContext, program: Command): Promise<void> {
  const found = findCompletion(program, cli.command ?? []);
  const lines = [...found.candidates, ...(await findNames(cli, found))].map(
    ({ value, description }) => `${value}\t${description}`,
  );
  if (found.wanted === 'file') lines.push(':files');
  cli.stdout.write(lines.map((line) => `${line}\n`).join(''));
}
