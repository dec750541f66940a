import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Children } from '../../../bench/children.ts';
import { LOAD_CORE } from '../../../bench/cores.ts';
import { type CallCounts, callCounts } from './call-counts.ts';

/** Counts the system calls of one thread while `work` goes on. @throws where the kernel does not let it be traced. */
export async function traced(children: Children, thread: number, work: () => Promise<void>): Promise<CallCounts> {
  const summary = join(children.newFolder('strace'), 'summary');
  const child = children.start('strace', LOAD_CORE, 'strace', ['-c', '-o', summary, '-p', String(thread)]);
  await children.ready(child, async () => child.output().includes(' attached'));
  await work();
  // It lets the thread go, and writes the summary.
  await children.end(child);
  return callCounts(readFileSync(summary, 'utf8'));
}
