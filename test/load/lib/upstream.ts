import { once } from 'node:events';
import { join } from 'node:path';
import type { Started } from './processes.ts';
import type { Context } from './scenario.ts';

const PROGRAM = join(import.meta.dirname, 'upstream-main.ts');

/** A process that answers; see `upstream-main.ts`. */
export interface Upstream {
  readonly name: string;
  readonly port: number;
  readonly started: Started;
}

/** Resolves when it listens. @param port 0: any free one */
export async function startUpstream({ processes }: Context, name: string, port = 0): Promise<Upstream> {
  const started = processes.start(process.execPath, [PROGRAM, name, String(port)]);
  const [found]: unknown[] = await Promise.race([once(started.child, 'message'), started.ended.then(() => [])]);
  if (typeof found !== 'number') throw new Error(`upstream ${name} ended: ${started.lines.join('\n')}`);
  return { name, port: found, started };
}
