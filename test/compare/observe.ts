import { connect } from 'node:net';
import { type Recorded, type Recorder, SENTINEL_SEEN } from './recorder.ts';

/** One proxy's listening port with an upstream of its own: cases on different lanes do not meet. */
export interface Lane {
  readonly port: number;
  readonly recorder: Recorder;
}

/** Several lanes of one proxy. */
export interface Subject {
  readonly name: string;
  /** As the program tells it. */
  readonly version: string;
  readonly lanes: readonly Lane[];
  /**
   * Milliseconds without a byte after which the client sends its FIN. 0: with the request; for proxies that answer a client that
   * has half-closed like any other, so that nothing depends on time.
   */
  readonly quiet: number;
  stop(): Promise<void>;
}

/** What became of one case. */
export interface Observation {
  /** All that the client got, latin1. */
  readonly received: string;
  /** The connection ended with a reset, not with FIN. */
  readonly reset: boolean;
  /** The proxy never closed although the client had. */
  readonly hung: boolean;
  readonly upstream: readonly Recorded[];
}

/** Much more than a case takes; who does not close by then never does. */
const PATIENCE_MS = 4_000;

/** Sends bytes and, sooner or later, FIN, so that every proxy comes to an end by itself. `script`: the upstream's answer. */
export async function observe(lane: Lane, quiet: number, bytes: string, script: string | null): Promise<Observation> {
  const { recorder } = lane;
  recorder.reset(script);
  const parts: Buffer[] = [];
  let reset = false;
  let hung = false;
  await new Promise<void>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: lane.port, allowHalfOpen: true });
    const patience = setTimeout(() => {
      hung = true;
      socket.destroy();
    }, PATIENCE_MS);
    let silence = setTimeout(() => socket.end(), quiet);
    socket.on('data', (chunk: Buffer) => {
      parts.push(chunk);
      clearTimeout(silence);
      if (chunk.includes(SENTINEL_SEEN) || chunk.includes(SENTINEL_SEEN.toLowerCase())) socket.end();
      else silence = setTimeout(() => socket.end(), quiet);
    });
    socket.on('error', () => {
      reset = true;
    });
    socket.on('close', () => {
      clearTimeout(patience);
      clearTimeout(silence);
      resolve();
    });
    if (quiet === 0) socket.end(Buffer.from(bytes, 'latin1'));
    else socket.write(Buffer.from(bytes, 'latin1'));
  });
  await recorder.settle();
  return { received: Buffer.concat(parts).toString('latin1'), reset, hung, upstream: recorder.recorded };
}

/** Runs `work` on all items, as many at a time as there are lanes; the results are in the items' order. */
export async function overLanes<T, R>(
  lanes: readonly Lane[],
  items: readonly T[],
  work: (lane: Lane, item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  await Promise.all(
    lanes.map(async (lane) => {
      for (let index = next++; index < items.length; index = next++) {
        const item = items[index];
        if (item !== undefined) results[index] = await work(lane, item);
      }
    }),
  );
  return results;
}
