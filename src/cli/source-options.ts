import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseNamespace } from '../config/namespace.ts';
import { Refusal } from '../config/refusal.ts';

/** Where configuration and objects come from, as the command line has it. One of `config` and `kubernetes` is given. */
export interface SourceOptions {
  readonly config?: string;
  readonly kubernetes?: boolean;
  readonly namespace?: readonly string[];
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** The options of a command that needs a configuration or a cluster. */
export function addSourceOptions(command: Command): Command {
  const kubernetes = (flags: string, description: string) =>
    new Option(flags, description).implies({ kubernetes: true });
  return command
    .option('-c, --config <file>', 'the configuration file')
    .option('--kubernetes', 'read a cluster, whatever source the file has; needs no file')
    .addOption(
      kubernetes('--namespace <name>', 'of the cluster, read only this; may be given several times').argParser(collect),
    )
    .addOption(
      kubernetes('--kubeconfig <file>', 'how to reach the cluster; default: as a Pod of it, or as kubectl does'),
    )
    .addOption(kubernetes('--context <name>', 'of the kubeconfig; default: the one that is current'))
    .hook('preAction', (_program, action) => {
      const { config, kubernetes }: SourceOptions = action.opts();
      if (config === undefined && kubernetes !== true) {
        action.error(
          'error: what is to be routed? Give --config <file>, or --kubernetes to route the Rollouts of a cluster',
        );
      }
    });
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  try {
    return [...before, parseNamespace(value)];
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new InvalidArgumentError('A namespace has at most 63 lower-case letters, digits and "-".');
  }
}
