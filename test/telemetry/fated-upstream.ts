import type { Test } from 'tap';
import type { RawPeer } from '../lib/raw-peer.ts';
import { rawUpstream } from '../lib/upstreams.ts';

/** What an upstream does with a request, once it has its head. */
const FATES = {
  ok: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  missing: 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n',
  error: 'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\nno',
  interim: 'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  switch: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat/2\r\n\r\nhello',
  garbage: 'SSH-2.0-OpenSSH\r\n\r\n',
  badChunk: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n',
  halfHead: 'HTTP/1.1 200 O',
  halfBody: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf',
  halfError: 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 100\r\n\r\nhalf',
  /** Stands still in the body. */
  stall: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf',
  silence: '',
  fin: '',
  reset: '',
} as const;
export type Fate = keyof typeof FATES;

/** After these the upstream ends the connection. */
const ENDS: ReadonlySet<Fate> = new Set(['switch', 'halfHead', 'halfBody', 'halfError', 'fin']);

/** An upstream whose requests say what becomes of them, attempt by attempt: `X-Id: 7`, `X-Fates: reset,ok`. */
export interface FatedUpstreams {
  readonly ports: readonly number[];
  /** Heads of requests that have arrived, by id. */
  readonly heads: Map<string, number>;
}

/** @param count of servers; the attempts of a request are counted over all of them */
export async function fatedUpstreams(t: Test, count: number): Promise<FatedUpstreams> {
  const heads = new Map<string, number>();
  const serve = async (peer: RawPeer): Promise<void> => {
    while (!peer.closed) {
      const head = await peer.readThrough('\r\n\r\n');
      const id = /^x-id: (.*)\r$/im.exec(head)?.[1] ?? '';
      const fates = /^x-fates: (.*)\r$/im.exec(head)?.[1]?.split(',') ?? [];
      const attempt = heads.get(id) ?? 0;
      heads.set(id, attempt + 1);
      const length = Number(/^content-length: (\d+)\r$/im.exec(head)?.[1] ?? 0);
      // A half is answered early.
      if (length > 0 && !/^x-half:/im.test(head)) await peer.read(length);
      act(peer, fates[Math.min(attempt, fates.length - 1)]);
    }
  };
  const ports: number[] = [];
  for (let i = 0; i < count; i += 1) ports.push((await rawUpstream(t, serve)).port);
  return { ports, heads };
}

function act(peer: RawPeer, name: string | undefined): void {
  const fate = Object.keys(FATES).find((known): known is Fate => known === name);
  if (fate === undefined) throw new Error(`no such fate: ${name}`);
  if (FATES[fate] !== '') peer.send(FATES[fate]);
  if (ENDS.has(fate)) peer.socket.end();
  if (fate === 'reset') peer.reset();
}
