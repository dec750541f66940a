import type { Test } from 'tap';
import { type Message, valuesOf } from '../lib/message.ts';
import { rawClient } from '../lib/raw-client.ts';
import type { RawPeer } from '../lib/raw-peer.ts';
import { type Asked, BEHAVIOURS, content, targetOf } from './chaos-upstream.ts';
import { turns } from './scene.ts';

/** What a client got for one request. */
export interface Outcome {
  readonly asked: Asked;
  /** Of the final answer; `cut`: none, or not all of it; `left`: the client did not wait for it. */
  readonly got: number | 'cut' | 'left';
  /** It is Headgate's own answer. */
  readonly own: boolean;
  /** The client was to stay to the end. */
  readonly patient: boolean;
  /** The last request on the same connection. */
  readonly lastId: number;
}

/** Requests of one client connection, and how it behaves. */
export interface Visit {
  readonly requests: readonly { readonly asked: Asked; readonly method: string; readonly bytes: Buffer }[];
  readonly pipelined: boolean;
  /** Turns of the event loop after which it leaves; -1: it stays. */
  readonly leavesAfter: number;
  readonly leavesBy: 'reset' | 'destroy';
  /** Turns before it reads. */
  readonly readsAfter: number;
  readonly halfCloses: boolean;
  /** Bytes of a piece that is sent at once. */
  readonly piece: number;
}

/** @param random of [0, 1). @param firstId of the ids that the visit takes. */
export function planVisit(random: () => number, firstId: number): Visit {
  const below = (count: number): number => Math.floor(random() * count);
  const last = below(4);
  const requests = Array.from({ length: 1 + last }, (_, index) => {
    const behaviour = BEHAVIOURS[below(BEHAVIOURS.length)] ?? 'length';
    const size = behaviour === 'poison-behind' ? below(2_000) : below([10, 2_000, 100_000][below(3)] ?? 1);
    const bodySize = random() < 0.5 ? 0 : below([10, 2_000, 100_000][below(3)] ?? 1);
    const asked: Asked = { id: firstId + index, behaviour, size, bodySize };
    const method = bodySize > 0 ? ['POST', 'PUT'][below(2)] : ['GET', 'GET', 'POST', 'HEAD'][below(4)];
    const closing = index === last && random() < 0.4;
    return request(asked, method ?? 'GET', { http10: closing && random() < 0.5, closing, chunked: random() < 0.5 });
  });
  const leaves = random() < 0.3;
  return {
    requests,
    pipelined: random() < 0.4,
    leavesAfter: leaves ? below([2, 20, 100][below(3)] ?? 1) : -1,
    leavesBy: random() < 0.5 ? 'reset' : 'destroy',
    readsAfter: random() < 0.2 ? below(50) : 0,
    halfCloses: random() < 0.2,
    piece: random() < 0.5 ? Number.POSITIVE_INFINITY : 1 + below(20_000),
  };
}

/** Plays a visit. @returns an outcome for each request; throws where an answer is not the one to its request. */
export async function play(t: Test, port: number, visit: Visit): Promise<Outcome[]> {
  const client = await rawClient(t, port);
  // Half-open connections are for those who half-close: what the plane has ended is over.
  client.socket.once('end', () => client.socket.end());
  const { requests, pipelined, leavesAfter, readsAfter } = visit;
  if (leavesAfter >= 0)
    void turns(leavesAfter).then(() => (visit.leavesBy === 'reset' ? client.reset() : client.socket.destroy()));
  if (readsAfter > 0) void turns(client.socket.pause() && readsAfter).then(() => client.socket.resume());
  const sent = pipelined ? send(client, visit, requests) : null;
  const outcomes: Outcome[] = [];
  const lastId = Math.max(...requests.map(({ asked }) => asked.id));
  for (const request of requests) {
    if (!pipelined) void send(client, visit, [request]);
    outcomes.push({ ...(await outcome(client, request, leavesAfter < 0)), lastId });
  }
  await sent;
  client.socket.destroy();
  return outcomes;
}

async function send(client: RawPeer, { piece, halfCloses }: Visit, requests: Visit['requests']): Promise<void> {
  const bytes = Buffer.concat(requests.map((request) => request.bytes));
  for (let at = 0; at < bytes.length && client.socket.writable; at += piece) {
    client.send(bytes.subarray(at, at + piece));
    await turns(1);
  }
  if (halfCloses && requests.length > 1) client.socket.end();
}

async function outcome(
  client: RawPeer,
  { asked, method }: Visit['requests'][number],
  patient: boolean,
): Promise<Omit<Outcome, 'lastId'>> {
  let answer: Message;
  try {
    answer = await client.readFinal({ method });
  } catch (error) {
    if (!client.closed || /^(not|no|more|[0-9]+ with)\b/.test(String(error))) throw error;
    return { asked, got: patient ? 'cut' : 'left', own: false, patient };
  }
  const own = valuesOf(answer, 'server')[0] === 'headgate';
  if (!own) check(answer, asked, method);
  return { asked, got: answer.status, own, patient };
}

function check(answer: Message, { id, size }: Asked, method: string): void {
  const [given] = valuesOf(answer, 'x-id');
  if (given !== String(id)) throw new Error(`the answer to ${id} is that to ${given}`);
  const whole = answer.status === 200 && method !== 'HEAD' ? content(id, 'down', size) : Buffer.alloc(0);
  if (!answer.body.equals(whole))
    throw new Error(`the answer to ${id} is not whole: ${answer.body.length} of ${whole.length} bytes`);
}

function request(
  asked: Asked,
  method: string,
  { http10, closing, chunked }: { http10: boolean; closing: boolean; chunked: boolean },
): Visit['requests'][number] {
  const body = content(asked.id, 'up', asked.bodySize);
  const start = `${method} ${targetOf(asked)} HTTP/1.${http10 ? 0 : 1}\r\nHost: a\r\n${closing && !http10 ? 'Connection: close\r\n' : ''}`;
  if (body.length === 0) return { asked, method, bytes: Buffer.from(`${start}\r\n`) };
  if (http10 || !chunked) {
    return {
      asked,
      method,
      bytes: Buffer.concat([Buffer.from(`${start}Content-Length: ${body.length}\r\n\r\n`), body]),
    };
  }
  const head = Buffer.from(`${start}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n`);
  return { asked, method, bytes: Buffer.concat([head, body, Buffer.from('\r\n0\r\n\r\n')]) };
}
