/**
 * How an upstream answers. `echo`: with the request's body, when it has all of it; `stream`: the same while the body is yet to
 * come; `tunnel`: 101, and bytes both ways; the others say how the answer's body is delimited.
 */
export const ANSWERS = ['length', 'chunked', 'close', 'echo', 'stream', 'tunnel'] as const;
export type Answer = (typeof ANSWERS)[number];

/** One request, and what is to become of it: the client asks so, the upstream answers so, and both know what the other sends. */
export interface Asked {
  readonly id: number;
  /** To the upstream under TLS. */
  readonly secure: boolean;
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly http10: boolean;
  readonly answer: Answer;
  /** Bytes of the answer's body, of what the upstream sends through a tunnel. */
  readonly size: number;
  /** Bytes of the request's body, of what the client sends through a tunnel. */
  readonly bodySize: number;
  /** The request's body is chunked. */
  readonly chunked: boolean;
  /** Bytes of a chunk, and of a write of the upstream's. */
  readonly piece: number;
  /** A 103 comes first, chunks have extensions, and trailers follow. */
  readonly extras: boolean;
  /** Turns of the event loop before the answer. */
  readonly thinks: number;
}

/** The requests of one client connection, and how it behaves. */
export interface IntegrityVisit {
  readonly secure: boolean;
  readonly requests: readonly Asked[];
  readonly pipelined: boolean;
  /** Bytes of a piece that is sent at once. */
  readonly piece: number;
  /** Turns that it does not read after every third piece that it has read. */
  readonly rests: number;
  /** Turns of the event loop after which it leaves; -1: it stays. */
  readonly leavesAfter: number;
}

/** What the request sends: see `toldContent`. */
export function upSource({ id }: Asked): number {
  return id * 2;
}

/** What the answer brings: its source, and how much of it. */
export function answered({ id, answer, method, size, bodySize }: Asked): [source: number, size: number] {
  if (method === 'HEAD') return [id * 2 + 1, 0];
  return answer === 'echo' || answer === 'stream' ? [id * 2, bodySize] : [id * 2 + 1, size];
}

/** Bounds of a body's bytes. */
const SIZES = [50, 20_000, 20_000, 400_000];

/** @param random of [0, 1). @param firstId of the ids that the visit takes. */
export function planIntegrityVisit(random: () => number, firstId: number): IntegrityVisit {
  const below = (count: number): number => Math.floor(random() * count);
  const last = below(8);
  const requests = Array.from({ length: 1 + last }, (_, index) => planRequest(random, firstId + index, index === last));
  return {
    secure: random() < 0.5,
    requests,
    pipelined: random() < 0.7,
    piece: random() < 0.7 ? Number.POSITIVE_INFINITY : 1_000 + below(70_000),
    rests: random() < 0.6 ? 1 + below(30) : 0,
    leavesAfter: random() < 0.1 ? below(60) : -1,
  };
}

/** @param last nothing follows on the connection: it may be used up */
function planRequest(random: () => number, id: number, last: boolean): Asked {
  const below = (count: number): number => Math.floor(random() * count);
  const bytes = (): number => below(SIZES[below(SIZES.length)] ?? 1);
  const answer = ANSWERS[below(last ? 6 : 4)] ?? 'length';
  const uploads = answer === 'echo' || answer === 'stream' || (answer !== 'tunnel' && random() < 0.3);
  const method = uploads ? 'POST' : answer !== 'tunnel' && random() < 0.2 ? 'HEAD' : 'GET';
  const http10 = last && answer !== 'tunnel' && random() < 0.2;
  const size = bytes();
  const bodySize = uploads || answer === 'tunnel' ? 1 + bytes() : 0;
  return {
    id,
    secure: random() < 0.5,
    method,
    http10,
    answer,
    size,
    bodySize,
    chunked: uploads && answer !== 'stream' && !http10 && random() < 0.5,
    piece: 1 + (Math.max(size, bodySize) >> 6) + below(random() < 0.5 ? 500 : 100_000),
    extras: random() < 0.3,
    thinks: random() < 0.3 ? below(20) : 0,
  };
}
