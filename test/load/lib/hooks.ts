/**
 * Loaded into Headgate's process, and so into each of its threads, before its own code (`node --import`): what no operator
 * can ask of it, and a test must. Messages of the parent: `kill-worker` ends one thread at once; `memory` is answered with
 * what is alive on all heaps after a collection, in bytes.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BroadcastChannel, isMainThread, type Worker } from 'node:worker_threads';

const ASK = 'headgate-load-ask';
const TELL = 'headgate-load-tell';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

function alive(): number {
  // Twice: what a finalizer lets go of is gone after the second.
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

// Node.js loads undici for a thread's first message of a channel: that is no memory of Headgate's, and would count from then on.
void globalThis.MessageEvent;
const ask = new BroadcastChannel(ASK);
const tell = new BroadcastChannel(TELL);
ask.unref();
tell.unref();

if (isMainThread) inMainThread();
else {
  ask.addEventListener('message', () => tell.postMessage(alive()));
}

function inMainThread(): void {
  const workers: Worker[] = [];
  process.on('worker', (worker) => {
    workers.push(worker);
    worker.once('exit', () => workers.splice(workers.indexOf(worker), 1));
  });
  let kills = 0;
  let sum = 0;
  let missing = 0;
  tell.addEventListener('message', ({ data }) => {
    sum += Number(data);
    missing -= 1;
    if (missing === 0) process.send?.({ memory: sum });
  });
  process.on('message', (message) => {
    if (message === 'kill-worker') {
      const victim = workers[kills % workers.length];
      kills += 1;
      void victim?.terminate();
    } else if (message === 'memory') {
      sum = alive();
      missing = workers.length;
      ask.postMessage('');
    }
  });
  // It must end when its work is done, whether or not the parent listens still.
  process.channel?.unref();
}
