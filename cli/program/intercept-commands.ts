/** `tp intercept`, `leave`, `uninstall`, `clean`, `doctor` and `explain`. */
import { Option, type Command } from 'commander';
import { redirects } from '../../src/contract/index.ts';
import { parsePortMapping } from '../arguments/port.ts';
import {
  parseField,
  parseGrpcMethod,
  parseHeader,
  parseHost,
  parseKey,
  parseMethod,
  parseNot,
  parsePath,
  parseQuery,
} from '../arguments/rule.ts';
import { collect, parseAddress } from '../arguments/simple.ts';
import type { CleanOptions } from '../commands/clean.ts';
import type { ExplainOptions } from '../commands/explain.ts';
import type { InterceptOptions } from '../commands/intercept.ts';
import type { UninstallOptions } from '../commands/uninstall.ts';
import { syntaxNames } from '../environment/syntaxes.ts';
import { addClusterOptions, timeoutOption } from './connection-commands.ts';
import { describe, type Invoke } from './tree.ts';

const target = 'Service or workload: web, svc/web, deploy/web, sts/db, ds/agent, rs/web-1, pod/web';

export function addInterceptCommands(program: Command, invoke: Invoke): void {
  addIntercept(program, invoke);

  const leave = program
    .command('leave')
    .summary('End an intercept')
    .description(
      'Ends an intercept: new connections reach the cluster’s own copy again. The agent stays in the workload, so that the next intercept needs no rollout.',
    )
    .argument('<name>', 'Name of the intercept, as tp status shows it')
    .action((name: string, _options: object, command: Command) =>
      invoke(command, async (cli) => (await import('../commands/leave.ts')).leave(cli, name)),
    );
  describe(leave, { argument: 'intercept', examples: [['tp leave web', 'End the intercept of web']] });

  const uninstall = program
    .command('uninstall')
    .summary('Take the agents out and restore what was changed')
    .description(
      'Takes the agent out of a workload, or of all of the namespace, and restores what tp has changed.',
    )
    .argument('[name]', target)
    .option('--all', 'Everything of tp in the namespace, for all users')
    .addOption(timeoutOption())
    .option('--yes', 'Agree to what costs availability')
    .action((name: string | undefined, options: UninstallOptions, command: Command) =>
      invoke(command, async (cli) =>
        (await import('../commands/uninstall.ts')).uninstall(cli, name, options),
      ),
    );
  describe(uninstall, {
    argument: 'target',
    examples: [
      ['tp uninstall web', 'Restore one workload'],
      ['tp uninstall --all -n shop', 'Restore the namespace'],
    ],
  });

  const clean = program
    .command('clean')
    .summary('Find and remove whatever tp has left in a namespace')
    .description(
      'Shows everything of tp in the namespace, whoever left it there; with --yes, removes it. What somebody uses is kept; a laptop that sleeps or is gone counts for 120 s. Your own connection to the namespace ends.',
    )
    .option('-A, --all-namespaces', 'In every namespace; needs the right to list them')
    .option('--yes', 'Remove it; bare Pods are deleted and created again')
    .option('--force', 'Remove also what other people use at this moment')
    .addOption(timeoutOption())
    .action((options: CleanOptions, command: Command) =>
      invoke(command, async (cli) => (await import('../commands/clean.ts')).clean(cli, options)),
    );
  describe(clean, {
    examples: [
      ['tp clean -n shop', 'Show what there is'],
      ['tp clean -n shop --yes', 'Remove it'],
    ],
  });

  const doctor = program
    .command('doctor')
    .summary('Explain how a workload can be intercepted')
    .description(
      'Explains which kinds of intercept a workload allows, which one tp would choose, and which rights are missing. Changes nothing.',
    )
    .argument('<name>', target)
    .action((name: string, _options: object, command: Command) =>
      invoke(command, async (cli) => (await import('../commands/doctor.ts')).doctor(cli, name)),
    );
  describe(doctor, {
    argument: 'target',
    examples: [['tp doctor web', 'Why does tp choose what it chooses?']],
  });

  const explain = program
    .command('explain')
    .summary('Say who would get a request, and why')
    .description(
      'Shows who intercepts a workload in the order in which they are asked, what the rule of each says of a request, and who would get it. Sends nothing.',
    )
    .argument('<name>', target)
    .argument('<request>', 'Method and path, such as "GET /cart?id=1"; a path alone means GET')
    .option('-H, --header <field>', "A field of the request: 'name: value'", collect(parseField))
    .action((name: string, request: string, options: ExplainOptions, command: Command) =>
      invoke(command, async (cli) =>
        (await import('../commands/explain.ts')).explain(cli, name, request, options),
      ),
    );
  describe(explain, {
    examples: [['tp explain web /cart -H x-tp-key:dev1', 'Whose is a request with this key?']],
  });
}

/** The options that say which requests are meant; left out, all. */
function addRuleOptions(command: Command): Command {
  return command
    .option('--personal', 'Only requests that carry your personal key, which is your user name')
    .option(
      '--key <key>',
      'The personal key, if it is not to be your user name; implies --personal',
      parseKey,
    )
    .option(
      '--header <condition>',
      "Only requests with this field: 'name: value', where * stands for anything and ~ begins an expression; can be given several times",
      collect(parseHeader),
    )
    .option(
      '--path <pattern>',
      "Only this path, such as '/api/*'; several mean any of them",
      collect(parsePath),
    )
    .option(
      '--grpc-method <method>',
      "Only this method or service of gRPC, such as 'shop.Greeter/SayHello'; several mean any of them",
      collect(parseGrpcMethod),
    )
    .option('--method <method>', 'Only this method; several mean any of them', collect(parseMethod))
    .option('--query <condition>', 'Only requests with this parameter: name=value', collect(parseQuery))
    .option('--host <pattern>', 'Only this host; several mean any of them', collect(parseHost))
    .option(
      '--not <condition>',
      "Not requests with this condition, such as 'path /health' or 'header x-user: bob'",
      collect(parseNot),
    )
    .addOption(new Option('--all', 'All conditions have to hold; the default').conflicts('any'))
    .option('--any', 'One of the conditions is enough, but for --not');
}

function addIntercept(program: Command, invoke: Invoke): void {
  const intercept = program
    .command('intercept')
    .summary('Lead the traffic of a service to your laptop')
    .description(
      "Leads the traffic of a service's ports to local ports. With a command after --, runs it with the environment " +
        'of the container and the proxy variables, hands it all signals, and ends the intercept when it exits; the ' +
        'exit code is its own. Without one, the intercept lasts until tp leave.',
    )
    .usage('[options] <name> [-- COMMAND...]')
    .argument('<name>', target)
    .option(
      '-p, --port <mapping>',
      'LOCAL[:REMOTE]: local port, and number or name of the port of the service or container; can be given several times',
      collect(parsePortMapping),
    )
    .option('--address <ip>', 'Where the local process listens', parseAddress, '127.0.0.1')
    .option(
      '--container <name>',
      'Container whose environment is wanted; left out: the one that owns the first port',
    )
    .addOption(new Option('--attach <way>', 'How the agent arrives').choices(['sidecar']).default('sidecar'))
    .addOption(
      new Option('--redirect <way>', 'How the traffic reaches the agent')
        .choices(['auto', ...redirects])
        .default('auto'),
    )
    .option(
      '--env-file <file>',
      'Write the environment of the container and the proxy variables to this file',
    )
    .option('--env-json <file>', 'The same as JSON, whatever --env-syntax says')
    .addOption(
      new Option('--env-syntax <syntax>', 'Syntax of --env-file').choices(syntaxNames).default('docker'),
    )
    .option('--yes', 'Agree to what costs availability, such as re-creating a bare Pod');
  addRuleOptions(intercept);
  addClusterOptions(intercept).action((name: string, options: InterceptOptions, command: Command) =>
    invoke(command, async (cli) => (await import('../commands/intercept.ts')).intercept(cli, name, options)),
  );
  describe(intercept, {
    takesCommand: true,
    argument: 'target',
    examples: [
      ['tp intercept web --port 8080', 'Traffic of service web reaches localhost:8080'],
      [
        'tp intercept web --port 8080 -- npm start',
        'The same for as long as npm start runs, with its environment',
      ],
      ['tp intercept web -p 8080:http -p 9090:metrics', 'Two ports, by name'],
      [
        'tp intercept web -p 8080 --personal',
        'Only requests with your key, such as: curl -H "x-tp-key: $USER" http://web',
      ],
      [
        'tp intercept web -p 8080 --header x-user:alice --method POST',
        'Only what this user posts; everything else stays in the cluster',
      ],
      [
        'tp intercept deploy/web -p 8080 --env-file web.env',
        'Write the environment for an IDE or docker run',
      ],
      [
        'tp intercept web -p 8080 --env-file web.sh --env-syntax sh && . ./web.sh',
        'Take the environment into this shell',
      ],
    ],
  });
}
