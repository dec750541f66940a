import { Worker } from 'node:worker_threads';

const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

/** The thread of a worker to be: it loads the data plane, which takes a third of a start, and waits for `begin`. */
export function startThread(): Worker {
  return new Worker(ENTRY);
}
