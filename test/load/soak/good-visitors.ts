import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { Outcome } from './talk.ts';
import { pick, type Visit, type Visitor } from './visit.ts';

const GETS = ['', '', '', 'large', 'chunked', 'close', 'slow', 'hint', 'drip', 'unframed'];
const SIZES = [0, 1, 300, 5_000, 70_000];
const NOISE = Buffer.alloc(70_000, 'what somebody uploads ');
const MOST_REQUESTS = 8;

/** Some requests over one kept connection, one after the other. */
export const keepsItsConnection: Visitor = async (visit) => {
  const requests = 1 + Math.floor(visit.random() * MOST_REQUESTS);
  for (let i = 0; i < requests; i += 1) {
    if (!(await oneRequest(visit))) return;
  }
};

/** One request, and the connection closes behind its answer. */
export const asksToClose: Visitor = async (visit) => {
  const id = visit.nextId();
  visit.talk.send(get('', id, 'connection: close\r\n'));
  examine(visit, await visit.talk.answer(), id, '0:0');
};

/** Several requests in one write. The answers come in order. */
export const pipelines: Visitor = async (visit) => {
  const paths = Array.from({ length: 2 + Math.floor(visit.random() * 5) }, () =>
    pick(visit.random, ['', 'chunked', 'slow', 'large']),
  );
  const ids = paths.map(visit.nextId);
  visit.talk.send(paths.map((path, index) => get(path, ids[index] ?? '')).join(''));
  for (const outcome of await Promise.all(ids.map(() => visit.talk.answer()))) {
    examine(visit, outcome, ids.shift() ?? '', '0:0');
  }
};

/** A header rule leads to the canary, whatever its weight. */
export const followsARule: Visitor = async (visit) => {
  const id = visit.nextId();
  visit.talk.send(get('', id, 'x-canary: true\r\n'));
  const outcome = await visit.talk.answer();
  examine(visit, outcome, id, '0:0');
  const by = outcome.response?.fields.get('x-served-by');
  if (outcome.status === 200 && by !== 'canary') visit.ledger.wrong.push(`x-canary was served by ${by}`);
};

/** A head that comes in pieces. */
export const writesSlowly: Visitor = async (visit) => {
  const id = visit.nextId();
  const answer = visit.talk.answer();
  const bytes = get('', id);
  for (let at = 0; at < bytes.length; at += 16) {
    visit.talk.send(bytes.slice(at, at + 16));
    await sleep(10);
  }
  examine(visit, await answer, id, '0:0');
};

/** A large answer, read in small pieces. */
export const readsSlowly: Visitor = async (visit) => {
  const id = visit.nextId();
  visit.talk.rest(15);
  visit.talk.send(get('large', id));
  examine(visit, await visit.talk.answer(), id, '0:0');
};

/** A tunnel that echoes, to which the upstream has agreed with 101. It ends in one of three ways. */
export const tunnels: Visitor = async (visit) => {
  const { talk, ledger, random } = visit;
  const id = visit.nextId();
  talk.send(get('', id, 'connection: upgrade\r\nupgrade: echo\r\n'));
  const { status, response } = await talk.answer();
  if (response === null || status !== 101) {
    ledger.wrong.push(`status ${status} to an upgrade`);
    return;
  }
  ledger.answered(status);
  const echo = talk.tunnelled(NOISE.length);
  talk.send(NOISE);
  if (!(await echo)) ledger.wrong.push('a tunnel closed before its echo');
  const end = random();
  if (end < 0.3) talk.reset();
  else if (end < 0.6) talk.leave();
  else {
    const closed = new Promise((resolve) => talk.socket.once('close', resolve));
    talk.socket.end();
    await closed;
  }
};

/** Half of the endpoints of this version refuse connections, and no request notices. */
export const meetsARefusal: Visitor = async (visit) => {
  const id = visit.nextId();
  visit.talk.send(`GET /half/ HTTP/1.1\r\nhost: a\r\nx-request-id: ${id}\r\n\r\n`);
  examine(visit, await visit.talk.answer(), id, '0:0');
};

async function oneRequest(visit: Visit): Promise<boolean> {
  const { random, talk } = visit;
  const id = visit.nextId();
  const kind = random();
  if (kind < 0.1) {
    talk.send(`HEAD /app/ HTTP/1.1\r\nhost: a\r\nx-request-id: ${id}\r\n\r\n`);
    return examine(visit, await talk.answer({ head: true }), id, '0:0');
  }
  if (kind < 0.4) return post(visit, id);
  const path = pick(random, GETS);
  talk.send(get(path, id));
  // This upstream's answer has no fields.
  return examine(visit, await talk.answer(), path === 'unframed' ? null : id, '0:0');
}

async function post(visit: Visit, id: string): Promise<boolean> {
  const { random, talk } = visit;
  const content = NOISE.subarray(0, pick(random, SIZES));
  const chunked = random() < 0.5;
  const framing = chunked ? 'transfer-encoding: chunked' : `content-length: ${content.length}`;
  const answer = talk.answer();
  talk.send(`POST /app/ HTTP/1.1\r\nhost: a\r\nx-request-id: ${id}\r\n${framing}\r\n\r\n`);
  if (random() < 0.5) await talk.written();
  const pieces = 1 + Math.floor(random() * 4);
  const size = Math.ceil(content.length / pieces);
  for (let at = 0; at < content.length; at += size) {
    const piece = content.subarray(at, at + size);
    if (chunked) talk.send(`${piece.length.toString(16)}\r\n`);
    talk.send(piece);
    if (chunked) talk.send('\r\n');
    if (random() < 0.3) await sleep(5);
  }
  if (chunked) talk.send('0\r\n\r\n');
  return examine(visit, await answer, id, `${content.length}:${crc32(content)}`);
}

function get(path: string, id: string, more = ''): string {
  return `GET /app/${path} HTTP/1.1\r\nhost: a\r\nx-request-id: ${id}\r\n${more}\r\n`;
}

/** Whether the connection can carry another request. */
function examine({ ledger }: Visit, { response, status, error }: Outcome, id: string | null, told: string): boolean {
  if (response === null) {
    ledger.wrong.push(`no whole answer to an ordinary request (status ${status}): ${error}`);
    return false;
  }
  ledger.answered(response.status);
  const { fields } = response;
  if (response.status !== 200) ledger.wrong.push(`status ${status} ${response.body.toString('latin1', 0, 40).trim()}`);
  else if (id !== null && fields.get('x-request-id') !== id) ledger.wrong.push('the answer to another request');
  else if (id !== null && fields.get('x-body') !== told) ledger.wrong.push('the application received another body');
  return response.persistent;
}
