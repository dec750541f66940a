import { valuesOf } from '../lib/message.ts';
import type { RawPeer } from '../lib/raw-peer.ts';
import { type Asked, answered, type IntegrityVisit, upSource } from './integrity-plan.ts';
import { turns } from './scene.ts';
import { contentFault, toldContent } from './told-content.ts';

/**
 * Plays a visit, and looks at each byte that it gets.
 * @returns the requests that were answered as planned. Throws where one was not, and the client has not left.
 */
export async function playIntegrityVisit(client: RawPeer, visit: IntegrityVisit): Promise<Asked[]> {
  const { requests, pipelined, leavesAfter } = visit;
  const whole: Asked[] = [];
  rest(client, visit.rests);
  // Node resets no connection under TLS; what has come unread makes a reset of it all the same.
  const leave = () => (visit.secure ? client.socket.destroy() : client.reset());
  if (leavesAfter >= 0) void turns(leavesAfter).then(leave);
  try {
    const sent = pipelined ? send(client, visit.piece, requests) : null;
    for (const asked of requests) {
      if (!pipelined) void send(client, visit.piece, [asked]);
      await receive(client, asked);
      whole.push(asked);
    }
    await sent;
  } catch (error) {
    const gone = /connection closed|reset within/.test(String(error));
    if (!gone || leavesAfter < 0) throw new Error(`${String(error)}, in ${JSON.stringify(visit)}`, { cause: error });
  } finally {
    client.socket.destroy();
  }
  return whole;
}

/** Reads with rests, so that everything before it fills up again and again. */
function rest({ socket }: RawPeer, count: number): void {
  if (count === 0) return;
  let reads = 0;
  socket.on('data', () => {
    reads += 1;
    if (reads % 3 !== 0) return;
    socket.pause();
    void turns(count).then(() => socket.resume());
  });
}

async function send(client: RawPeer, piece: number, requests: readonly Asked[]): Promise<void> {
  const bytes = Buffer.concat(requests.flatMap(requestBytes));
  for (let at = 0; at < bytes.length && client.socket.writable; at += piece) {
    client.send(bytes.subarray(at, at + piece));
    await turns(1);
  }
}

function requestBytes(asked: Asked): Buffer[] {
  const { id, secure, method, http10, answer, bodySize, chunked, extras, piece } = asked;
  const body = toldContent(upSource(asked), bodySize);
  const start = `${method} /${secure ? 'tls' : 'plain'}/${id} HTTP/1.${http10 ? 0 : 1}\r\nHost: a\r\n`;
  // What is meant for the tunnel comes right behind, before anybody has said yes to it.
  if (answer === 'tunnel') return [Buffer.from(`${start}Connection: upgrade\r\nUpgrade: told\r\n\r\n`), body];
  if (method !== 'POST') return [Buffer.from(`${start}\r\n`)];
  if (!chunked) return [Buffer.from(`${start}Content-Length: ${bodySize}\r\n\r\n`), body];
  const parts: Buffer[] = [Buffer.from(`${start}Transfer-Encoding: chunked\r\n\r\n`)];
  for (let at = 0; at < bodySize; at += piece) {
    const chunk = body.subarray(at, at + piece);
    parts.push(Buffer.from(`${chunk.length.toString(16)}${extras ? ';extra' : ''}\r\n`), chunk, Buffer.from('\r\n'));
  }
  return [...parts, Buffer.from('0\r\n\r\n')];
}

async function receive(client: RawPeer, asked: Asked): Promise<void> {
  const [source, size] = answered(asked);
  const { answer, method, id } = asked;
  const message = await next(client, method);
  const [given] = valuesOf(message, 'x-id');
  if (given !== String(id)) throw new Error(`the answer to ${id} is ${message.startLine}, that to ${given}`);
  if (message.status !== (answer === 'tunnel' ? 101 : 200)) throw new Error(`to ${id}: ${message.startLine}`);
  const fault = contentFault(answer === 'tunnel' ? await client.read(size) : message.body, source, size);
  if (fault !== '') throw new Error(`the answer to ${id} has ${fault}`);
  if (answer !== 'tunnel') return;
  client.socket.end();
  // The upstream ends its side when it has all that was sent through.
  if ((await client.ending()) !== 'end') throw new Error(`connection closed: the tunnel of ${id} was cut`);
  if (client.unread.length > 0) throw new Error(`${client.unread.length} bytes too many in the tunnel of ${id}`);
}

/** The next answer that is no early hint. */
async function next(client: RawPeer, method: string): ReturnType<RawPeer['readResponse']> {
  for (;;) {
    const message = await client.readResponse({ method });
    if (message.status !== 103) return message;
  }
}
