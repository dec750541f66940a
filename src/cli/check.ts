import { printTable } from '../routing/print.ts';
import { compileOnce } from './compile-once.ts';
import type { ExitCode } from './exit-code.ts';
import { printListeners } from './print-listeners.ts';
import type { SourceOptions } from './source-options.ts';

export interface CheckOptions extends SourceOptions {
  /** Problems are mistakes. */
  readonly strict: boolean;
}

/**
 * Prints the certificates and the routing table, then what had to be left out of it.
 * @throws ConfigError when the configuration has mistakes, AccessError when there is no cluster, an Error when it cannot be read
 */
export async function check(options: CheckOptions): Promise<ExitCode> {
  const { table, endpoints, reasons, problems, listen } = await compileOnce(options);
  process.stdout.write(printListeners(listen) + printTable(table, endpoints, reasons));
  for (const problem of problems) process.stderr.write(`warning: ${problem}\n`);
  return options.strict && problems.length > 0 ? 1 : 0;
}
