/** Renders the parts of docs/CLI.md that come from tables of the code. `npm run docs` writes them, a test compares. */
import type { Argument, Command, Option } from 'commander';
import { machineVariables } from '../../cli/environment/local-environment.ts';
import { createProgram } from '../../cli/program/program.ts';
import { traitsOf } from '../../cli/program/tree.ts';
import { exitCodes } from '../../src/errors/index.ts';

/** Each part by the name that stands in its marks. */
const parts: Readonly<Record<string, () => string>> = {
  'exit codes': renderExitCodes,
  'machine variables': () => `${machineVariables.map((name) => `\`${name}\``).join(', ')}.\n`,
  'global options': () => renderOptions(createTree().options),
  commands: renderCommands,
};

/** Puts the generated parts between their marks and leaves the rest of the page as it is. */
export function renderCliPage(page: string): string {
  let rendered = page;
  for (const [name, render] of Object.entries(parts)) {
    const [start, end] = [`<!-- generated: ${name} -->\n`, '<!-- end -->\n'];
    const from = rendered.indexOf(start);
    if (from === -1) throw new Error(`docs/CLI.md has no mark "${name}"`);
    const to = rendered.indexOf(end, from);
    rendered = `${rendered.slice(0, from)}${start}\n${render()}\n${rendered.slice(to)}`;
  }
  return rendered;
}

function createTree(): Command {
  return createProgram(() => Promise.resolve());
}

function renderExitCodes(): string {
  const rows = Object.entries(exitCodes).map(([category, code]) => [String(code), category]);
  return renderTable(['exit code', 'category'], [['0', 'success'], ...rows]);
}

function renderCommands(): string {
  const commands = createTree().commands.filter((command) => !command.name().startsWith('_'));
  return commands.map(renderCommand).join('\n');
}

function renderCommand(command: Command): string {
  const { examples, takesCommand } = traitsOf(command);
  const sections = [
    `### tp ${command.name()}\n`,
    `    tp ${command.name()} ${command.usage()}\n`,
    `${command.description()}\n`,
  ];
  if (command.registeredArguments.length > 0) sections.push(renderArguments(command.registeredArguments));
  if (command.options.length > 0) sections.push(renderOptions(command.options));
  if (takesCommand) sections.push('See [The local process](#the-local-process).\n');
  const lines = examples.map(([line, purpose]) => `# ${purpose}\n${line}\n`);
  sections.push(`\`\`\`sh\n${lines.join('\n')}\`\`\`\n`);
  return sections.join('\n');
}

function renderArguments(registered: readonly Argument[]): string {
  const rows = registered.map((argument) => [
    `\`${argument.required ? `<${argument.name()}>` : `[${argument.name()}]`}\``,
    `${argument.description}${renderChoices(argument.argChoices)}`,
  ]);
  return renderTable(['argument', 'meaning'], rows);
}

function renderOptions(options: readonly Option[]): string {
  const rows = options.map((option) => [
    `\`${option.flags}\``,
    `${option.description}${renderChoices(option.argChoices)}`,
    renderDefault(option),
  ]);
  return renderTable(['option', 'meaning', 'default'], rows);
}

function renderChoices(choices: readonly string[] | undefined): string {
  return choices === undefined ? '' : `: ${choices.map((choice) => `\`${choice}\``).join(', ')}`;
}

function renderDefault({ defaultValue, defaultValueDescription }: Option): string {
  const text = defaultValueDescription ?? (defaultValue as string | number | undefined);
  return text === undefined ? '' : `\`${String(text)}\``;
}

function renderTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const separator = headings.map(() => '---');
  const lines = [headings, separator, ...rows].map((row) => `| ${row.map(escapeCell).join(' | ')} |\n`);
  return lines.join('');
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
