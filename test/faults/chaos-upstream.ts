import type { Message } from '../lib/message.ts';
import type { RawPeer } from '../lib/raw-peer.ts';
import type { Script } from '../lib/upstreams.ts';
import { turns } from './scene.ts';

/** What an upstream does with a request. The request names it, so that each attempt meets the same. */
export const BEHAVIOURS = [
  'length',
  'chunked',
  'until-close',
  'closes',
  'closes-unsaid',
  'drips',
  'interim',
  'poison-behind',
  'early-413',
  'early-413-reset',
  'fin-before',
  'reset-before',
  'fin-in-head',
  'fin-in-body',
  'reset-in-body',
  'fin-in-chunk',
  'garbage',
  'unasked-101',
  'stalls',
] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

/** Those after which a patient client has the whole answer, unless another connection's end gets in the way. */
export const POLITE: ReadonlySet<Behaviour> = new Set<Behaviour>(BEHAVIOURS.slice(0, 8));

const NOTHING = Buffer.alloc(0);
const POISON = 'HTTP/1.1 200 OK\r\nX-Id: poison\r\nContent-Length: 6\r\n\r\npoison';

/** What one request looks like from both ends. */
export interface Asked {
  readonly id: number;
  readonly behaviour: Behaviour;
  /** Bytes of the answer's body. */
  readonly size: number;
  /** Bytes of the request's body. */
  readonly bodySize: number;
}

export function targetOf({ id, behaviour, size, bodySize }: Asked): string {
  return `/${id}/${behaviour}/${size}/${bodySize}`;
}

/** The request of a target, or of a path in the access log. */
export function askedBy(target: string): Asked {
  const [, id, behaviour, size, bodySize] = target.split('/');
  const known = BEHAVIOURS.find((name) => name === behaviour);
  if (known === undefined) throw new Error(`not a target of this test: ${target}`);
  return { id: Number(id), behaviour: known, size: Number(size), bodySize: Number(bodySize) };
}

/** Content that belongs to one request and to one direction alone. */
export function content(id: number, direction: 'up' | 'down', size: number): Buffer {
  return Buffer.alloc(size, `${direction} ${id};`);
}

/** What the upstreams have seen, all together. */
export interface Seen {
  /** Heads by id: how often a request was sent. */
  readonly heads: Map<number, number>;
  /** What must not have come. */
  readonly wrong: string[];
}

/** Plays the behaviour that each request names. */
export function chaosUpstream(seen: Seen): Script {
  return async (peer) => {
    for (;;) {
      // Aborted uploads leave halves; what is whole must be right.
      const head = await peer.readThrough('\r\n\r\n');
      const asked = askedBy(head.split(' ')[1] ?? '');
      seen.heads.set(asked.id, (seen.heads.get(asked.id) ?? 0) + 1);
      if (await answeredEarly(peer, asked)) return;
      peer.unread = Buffer.concat([Buffer.from(head, 'latin1'), peer.unread]);
      checkRequest(await peer.readRequest(), asked, seen);
      if (!(await answered(peer, asked, head.startsWith('HEAD ')))) return;
    }
  };
}

function checkRequest({ body }: Message, { id, bodySize }: Asked, { wrong }: Seen): void {
  if (!body.equals(content(id, 'up', bodySize))) wrong.push(`the body of ${id} is not its own`);
}

async function answeredEarly(peer: RawPeer, { id, behaviour }: Asked): Promise<boolean> {
  if (behaviour !== 'early-413' && behaviour !== 'early-413-reset') return false;
  peer.send(`HTTP/1.1 413 Content Too Large\r\nX-Id: ${id}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  if (behaviour === 'early-413') peer.socket.end();
  else peer.socket.pause().destroy();
  return true;
}

/** False: this connection serves no more. */
async function answered(peer: RawPeer, asked: Asked, toHead: boolean): Promise<boolean> {
  const { id, behaviour, size } = asked;
  const body = toHead ? NOTHING : content(id, 'down', size);
  const head = `HTTP/1.1 200 OK\r\nX-Id: ${id}\r\n`;
  const byLength = `${head}Content-Length: ${size}\r\n\r\n`;
  const half = body.subarray(0, body.length >> 1);
  switch (behaviour) {
    case 'length':
    case 'interim':
      if (behaviour === 'interim') peer.send('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
      peer.send(byLength);
      peer.send(body);
      return true;
    case 'chunked':
      peer.send(`${head}Transfer-Encoding: chunked\r\n\r\n`);
      if (!toHead) await sendChunks(peer, body);
      return true;
    case 'poison-behind':
      // In one segment: what comes later cannot be told from an answer to whatever was sent meanwhile.
      peer.send(Buffer.concat([Buffer.from(byLength), body, Buffer.from(POISON)]));
      return true;
    case 'drips':
      peer.send(byLength);
      for (let at = 0; at < body.length; at += 1 + (size >> 3)) {
        peer.send(body.subarray(at, at + 1 + (size >> 3)));
        await turns(2);
      }
      return true;
    case 'closes':
      peer.send(`${head}Connection: close\r\nContent-Length: ${size}\r\n\r\n`);
      peer.socket.end(body);
      return false;
    case 'stalls':
      if (id % 2 === 0) peer.send(byLength);
      if (id % 4 === 0) peer.send(half);
      return false;
    default:
      breaksOff(peer, asked, byLength, head, body, half);
      return false;
  }
}

function breaksOff(
  peer: RawPeer,
  { behaviour }: Asked,
  byLength: string,
  head: string,
  body: Buffer,
  half: Buffer,
): void {
  if (behaviour === 'closes-unsaid' || behaviour === 'until-close') {
    peer.send(behaviour === 'until-close' ? `${head}\r\n` : byLength);
    peer.send(body);
  } else if (behaviour === 'fin-in-head') peer.send(head);
  else if (behaviour === 'fin-in-chunk') {
    peer.send(`${head}Transfer-Encoding: chunked\r\n\r\n${(body.length + 1).toString(16)}\r\n`);
    peer.send(body);
  } else if (behaviour === 'fin-in-body' || behaviour === 'reset-in-body') {
    peer.send(byLength.replace(/[0-9]+\r\n\r\n$/, `${body.length + 1}\r\n\r\n`));
    peer.send(half);
  } else if (behaviour === 'garbage') peer.send('SSH-2.0-chaos\r\n');
  else if (behaviour === 'unasked-101') peer.send('HTTP/1.1 101 Switching Protocols\r\n\r\n');
  if (behaviour === 'reset-before' || behaviour === 'reset-in-body') peer.reset();
  else peer.socket.end();
}

async function sendChunks(peer: RawPeer, body: Buffer): Promise<void> {
  for (let at = 0; at < body.length; ) {
    const piece = body.subarray(at, at + 1 + (body.length >> 2));
    peer.send(`${piece.length.toString(16)}\r\n`);
    peer.send(piece);
    peer.send('\r\n');
    at += piece.length;
    if (body.length % 3 === 0) await turns(1);
  }
  peer.send('0\r\n\r\n');
}
