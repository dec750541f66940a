import type { RawPeer } from '../lib/raw-peer.ts';
import type { Script } from '../lib/upstreams.ts';
import { type Asked, answered, upSource } from './integrity-plan.ts';
import { turns } from './scene.ts';
import { contentFault, toldContent } from './told-content.ts';

const HEAD_END = '\r\n\r\n';

/** Answers requests as planned. Tells `wrong` of each whose body is not what its client sent. */
export function integrityUpstream(plan: ReadonlyMap<number, Asked>, wrong: string[]): Script {
  return async (peer) => {
    try {
      while (await serve(peer, plan, wrong));
    } catch (error) {
      // A client that leaves takes the connection along.
      if (!String(error).includes('connection closed')) wrong.push(`at an upstream: ${String(error)}`);
    }
  };
}

/** False: this connection serves no more. */
async function serve(peer: RawPeer, plan: ReadonlyMap<number, Asked>, wrong: string[]): Promise<boolean> {
  const head = await peer.readThrough(HEAD_END);
  const id = Number(head.split(/[ /]/)[3]);
  const asked = plan.get(id);
  if (asked === undefined) throw new Error(`no request of the plan: ${JSON.stringify(head)}`);
  if (asked.answer === 'stream' || asked.answer === 'tunnel') {
    const got = await (asked.answer === 'stream' ? stream(peer, asked) : tunnel(peer, asked));
    note(wrong, asked, got);
    return asked.answer === 'stream';
  }
  peer.unread = Buffer.concat([Buffer.from(head, 'latin1'), peer.unread]);
  const { body } = await peer.readRequest();
  note(wrong, asked, body);
  await turns(asked.thinks);
  return await answer(peer, asked, body);
}

function note(wrong: string[], asked: Asked, got: Buffer): void {
  const fault = contentFault(got, upSource(asked), asked.bodySize);
  if (fault !== '') wrong.push(`an upstream got ${fault}: ${JSON.stringify(asked)}`);
}

async function answer(peer: RawPeer, asked: Asked, upload: Buffer): Promise<boolean> {
  const [source, size] = answered(asked);
  const body = asked.answer === 'echo' ? upload : toldContent(source, size);
  const { extras, method } = asked;
  if (extras) peer.send('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
  const head = `HTTP/1.1 200 OK\r\nX-Id: ${asked.id}\r\n`;
  if (asked.answer === 'chunked') {
    peer.send(`${head}Transfer-Encoding: chunked${HEAD_END}`);
    if (method !== 'HEAD') {
      await sendPieces(peer, asked, body, (piece) =>
        Buffer.concat([
          Buffer.from(`${piece.length.toString(16)}${extras ? ';extra="1"' : ''}\r\n`),
          piece,
          Buffer.from('\r\n'),
        ]),
      );
      peer.send(`0\r\n${extras ? 'X-Extra: 1\r\n' : ''}\r\n`);
    }
    return true;
  }
  const byLength = asked.answer !== 'close';
  peer.send(`${head}${byLength ? `Content-Length: ${size}` : 'Connection: close'}${HEAD_END}`);
  await sendPieces(peer, asked, body, (piece) => piece);
  if (!byLength) peer.socket.end();
  return byLength;
}

/** Every other piece comes in a turn of its own. */
async function sendPieces(
  peer: RawPeer,
  { piece }: Asked,
  bytes: Buffer,
  wrap: (piece: Buffer) => Buffer,
): Promise<void> {
  for (let at = 0, index = 0; at < bytes.length && !peer.closed; at += piece, index += 1) {
    peer.send(wrap(bytes.subarray(at, at + piece)));
    if (index % 2 === 1) await turns(1);
  }
}

/** Sends what comes back as it comes. @returns the whole of it */
async function stream(peer: RawPeer, { id, bodySize }: Asked): Promise<Buffer> {
  peer.send(`HTTP/1.1 200 OK\r\nX-Id: ${id}\r\nContent-Length: ${bodySize}${HEAD_END}`);
  const parts: Buffer[] = [];
  for (let rest = bodySize; rest > 0; ) {
    await peer.until(() => peer.unread.length > 0, 'more of a body');
    const part = await peer.read(Math.min(rest, peer.unread.length));
    peer.send(part);
    parts.push(part);
    rest -= part.length;
  }
  return Buffer.concat(parts);
}

/** @returns what came through it */
async function tunnel(peer: RawPeer, asked: Asked): Promise<Buffer> {
  peer.send(`HTTP/1.1 101 Switching Protocols\r\nX-Id: ${asked.id}\r\nConnection: upgrade\r\nUpgrade: told${HEAD_END}`);
  const [source, size] = answered(asked);
  await sendPieces(peer, asked, toldContent(source, size), (piece) => piece);
  await peer.until(() => peer.unread.length >= asked.bodySize || peer.ended, 'the end of a tunnel');
  peer.socket.end();
  if (peer.unread.length < asked.bodySize) throw new Error('connection closed by a client that has left the tunnel');
  return peer.read(peer.unread.length);
}
