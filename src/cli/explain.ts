import { explain } from '../routing/explain.ts';
import { formatExplanation } from '../routing/format-explanation.ts';
import { compileOnce } from './compile-once.ts';
import type { ExitCode } from './exit-code.ts';
import type { SourceOptions } from './source-options.ts';

export interface ExplainOptions extends SourceOptions {
  readonly host: string;
  readonly path: string;
  readonly method: string;
  readonly header: [string, string][];
  readonly json: boolean;
}

/**
 * Prints what becomes of one request.
 * @throws ConfigError when the configuration has mistakes, AccessError when there is no cluster, an Error when it cannot be read
 */
export async function explainCommand(options: ExplainOptions): Promise<ExitCode> {
  const { table, endpoints, reasons, problems } = await compileOnce(options);
  for (const problem of problems) process.stderr.write(`warning: ${problem}\n`);
  const { host, path, method, header } = options;
  const explanation = explain(table, endpoints, reasons, { host, path, method, headers: header });
  process.stdout.write(options.json ? `${JSON.stringify(explanation, null, 2)}\n` : formatExplanation(explanation));
  return 0;
}
