import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { errorText } from '../common/error-text.ts';
import { ConfigError } from '../config/config-error.ts';
import { startThread } from '../proxy/worker-thread.ts';
import { AccessError } from '../sources/kubernetes/access-error.ts';
import type { CheckOptions } from './check.ts';
import { configHint } from './config-hint.ts';
import type { DemoOptions } from './demo.ts';
import type { ExitCode } from './exit-code.ts';
import type { ExplainOptions } from './explain.ts';
import { addSourceOptions, type SourceOptions } from './source-options.ts';
import { version } from './version.ts';

/** Runs one command to its end and says how it went; what the user has to know was printed. */
export async function main(args: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const program = commands((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      process.stderr.write(configHint(args));
      return 2;
    }
    if (error instanceof ConfigError || error instanceof AccessError) {
      process.stderr.write(`${error.message}\n`);
      return 2;
    }
    process.stderr.write(`headgate: ${errorText(error)}\n`);
    return 1;
  }
  return exitCode;
}

/** What a command needs is loaded with it: `demo` alone makes a third of the program. */
function commands(finish: (code: ExitCode) => void): Command {
  const program = new Command('headgate')
    .description('A header-aware, traffic-splitting reverse proxy for Argo Rollouts and Experiments.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help; also headgate COMMAND --help')
    .exitOverride()
    .showHelpAfterError('(headgate --help shows every command)')
    .addHelpText('after', HELP);
  addSourceOptions(program.command('serve'))
    .description('serve traffic until SIGTERM or SIGINT; configuration and manifests are read again when they change')
    .action(async (options: SourceOptions) => {
      // Before anything else is loaded: on another core a worker gets ready meanwhile.
      const thread = startThread();
      try {
        const { serve } = await import('./serve.ts');
        finish(await serve(options, thread));
      } finally {
        await thread.terminate();
      }
    });
  addSourceOptions(program.command('check'))
    .description('validate the configuration and its objects and print the routing table that they make')
    .option('--strict', 'exit with 1 when an object or a rule had to be left out', false)
    .addHelpText('after', CHECK_HELP)
    .action(async (options: CheckOptions) => finish(await (await import('./check.ts')).check(options)));
  addSourceOptions(program.command('explain'))
    .description('print which version a request gets, which rule chose it, and what would answer without it')
    .option('--host <host>', "the request's host", '')
    .option('--path <path>', "the request's path", parsePath, '/')
    .option('--method <method>', "the request's method", 'GET')
    .option('-H, --header <name: value>', 'a header of the request; may be given several times', collectHeader, [])
    .option('--json', 'print the explanation as JSON', false)
    .addHelpText('after', EXPLAIN_HELP)
    .action(async (options: ExplainOptions) => finish(await (await import('./explain.ts')).explainCommand(options)));
  program
    .command('demo')
    .description('serve a simulated rollout with upstreams of its own: nothing else is needed')
    .option('--port <port>', 'where the proxy listens', parsePort, 8080)
    .option('--admin-port <port>', 'where probes, metrics and the table are', parsePort, 8081)
    .option(
      '--traffic [rate]',
      `send requests of its own, so many a second; ${OWN_TRAFFIC} without a number`,
      parseRate,
    )
    .option('--faulty', 'make every second new version faulty, for the verdict to abort it; implies --traffic', false)
    .action(async ({ traffic = false, ...options }: DemoCommandOptions) => {
      const usual = traffic === true || options.faulty ? OWN_TRAFFIC : null;
      const { demo } = await import('./demo.ts');
      finish(await demo({ ...options, traffic: typeof traffic === 'number' ? traffic : usual }));
    });
  return program;
}

interface DemoCommandOptions extends Omit<DemoOptions, 'traffic'> {
  /** True: without a number. */
  readonly traffic?: number | boolean;
}

/** Requests a second: enough for a verdict within half a minute at 10 %, and little for a laptop. */
const OWN_TRAFFIC = 200;
const MOST_TRAFFIC = 2_000;

const HELP = `
Examples:
  headgate demo                                     see it work within seconds
  headgate demo --faulty                            see a bad version fail
  headgate check --config config/headgate.yaml      is this file right, and what does it do?
  headgate serve --config config/headgate.yaml      serve it
  headgate serve --kubernetes --namespace shop      serve the Rollouts of a cluster, without a file
  headgate explain --config config/headgate.yaml \\
    --host api.example.com --path /orders -H 'x-canary: true'

Exit codes: 0 fine; 1 it failed while it ran; 2 the command line or the configuration is wrong.
Every key of the configuration, with its default, is in config/headgate.yaml of the package.`;

const CHECK_HELP = `
Mistakes in the configuration go to stderr, all of them, each as FILE:LINE:COLUMN PATH: MESSAGE (REMEDY), and the exit
code is 2. Manifests that cannot be used, and what had to be left out of the table, are warnings on stderr: the exit
code stays 0 without --strict.

Example:
  headgate check --config config/headgate.yaml`;

const EXPLAIN_HELP = `
The decision is that of the manifests at this moment. Nothing is sent anywhere.

Examples:
  headgate explain --config config/headgate.yaml --host api.example.com --path /orders
  headgate explain --config config/headgate.yaml --host api.example.com -H 'x-canary: true' -H 'cookie: beta=1'`;

function parsePort(value: string): number {
  const port = Number(value);
  if (!/^\d{1,5}$/.test(value) || port > 65_535) throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  return port;
}

function parseRate(value: string): number {
  const rate = Number(value);
  if (!/^\d{1,4}$/.test(value) || rate < 1 || rate > MOST_TRAFFIC)
    throw new InvalidArgumentError(`Requests a second are a whole number from 1 to ${MOST_TRAFFIC}.`);
  return rate;
}

function parsePath(value: string): string {
  if (!value.startsWith('/')) throw new InvalidArgumentError('A path begins with "/".');
  return value;
}

function collectHeader(value: string, before: [string, string][]): [string, string][] {
  const [, name, content] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)$/s.exec(value) ?? [];
  if (name === undefined || content === undefined) throw new InvalidArgumentError("Write 'name: value'.");
  return [...before, [name, content.trim()]];
}
