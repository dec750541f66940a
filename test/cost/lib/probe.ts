/**
 * Loaded into Headgate's process, and so into each of its threads, before its own code (`node --import`): tells on a Unix
 * socket, named by `$HEADGATE_COST_SOCKET`, what only the worker's own isolate knows. GET with the path `/figures`, `/collect`,
 * `/sample` or `/profile`; answered with JSON.
 */
import { createServer } from 'node:http';
import { type HeapProfiler, Session } from 'node:inspector/promises';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BroadcastChannel, isMainThread } from 'node:worker_threads';
import type { Figures } from './figures.ts';

/** One sample in so many bytes on average. */
const SAMPLING_BYTES = 512;

const ask = new BroadcastChannel('headgate-cost-ask');
const tell = new BroadcastChannel('headgate-cost-tell');
ask.unref();
tell.unref();

if (isMainThread) answerForWorker();
else answerInWorker();

function answerForWorker(): void {
  const server = createServer((request, response) => {
    tell.addEventListener('message', ({ data }) => response.end(JSON.stringify(data)), { once: true });
    ask.postMessage(request.url);
  });
  server.listen(process.env['HEADGATE_COST_SOCKET']);
  server.unref();
}

function answerInWorker(): void {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const session = new Session();
  let scavenges = 0;
  new PerformanceObserver((list) => {
    scavenges += list.getEntries().filter(isScavenge).length;
  }).observe({ entryTypes: ['gc'] });

  const figures = (): Figures => {
    const { total_allocated_bytes: allocated, used_heap_size: used } = getHeapStatistics();
    return { allocated, used, scavenges };
  };

  const answers: Readonly<Record<string, () => unknown>> = {
    '/figures': figures,
    '/collect': () => {
      // Twice: what a finalizer lets go of is gone after the second.
      collect();
      collect();
      return figures();
    },
    '/sample': async () => {
      session.connect();
      await session.post('HeapProfiler.startSampling', {
        samplingInterval: SAMPLING_BYTES,
        includeObjectsCollectedByMajorGC: true,
        includeObjectsCollectedByMinorGC: true,
      });
      return null;
    },
    '/profile': async (): Promise<HeapProfiler.SamplingHeapProfile> => {
      const { profile } = await session.post('HeapProfiler.stopSampling');
      session.disconnect();
      return profile;
    },
  };
  const answer = async (path: string): Promise<void> => tell.postMessage(await answers[path]?.());
  ask.addEventListener('message', ({ data }) => void answer(String(data)));
}

/** The types of Node.js know no `detail` of entries. */
function isScavenge(entry: object): boolean {
  const detail: unknown = 'detail' in entry ? entry.detail : null;
  return (
    typeof detail === 'object' &&
    detail !== null &&
    'kind' in detail &&
    detail.kind === constants.NODE_PERFORMANCE_GC_MINOR
  );
}
