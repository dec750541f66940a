import type { Outcome } from './talk.ts';
import { pick, type Visit, type Visitor } from './visit.ts';

/** What an upstream does wrong before its answer has begun, and what the client is told. 503: its endpoints are known to fail. */
const EARLY: readonly (readonly [path: string, status: number])[] = [
  ['app/reset', 502],
  ['app/garbage', 502],
  ['app/two-lengths', 502],
  ['app/stall', 504],
  ['refuse/', 502],
];
/** What it does wrong after the head of its answer. */
const LATE = ['fin-in-length', 'fin-in-chunk', 'stall-body'];

/** Requests that nobody answers but Headgate. */
const REFUSED: readonly (readonly [request: string, status: number])[] = [
  ['GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n', 404],
  ['GET /app/ HTTP/1.1\r\n\r\n', 400],
  ['POST /app/ HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab', 400],
  ['POST /app/ HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', 400],
  ['GET /app/ HTTP/1.1\r\nhost: a\r\nx : y\r\n\r\n', 400],
  [`GET /app/ HTTP/1.1\r\nhost: a\r\n${'x: y\r\n'.repeat(101)}\r\n`, 431],
  [`GET /${'a'.repeat(9_000)} HTTP/1.1\r\nhost: a\r\n\r\n`, 414],
  ['CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n', 405],
  // Its end never comes.
  ['GET /app/ HTTP/1.1\r\nhost: a\r\nx-slow', 408],
];

export const meetsAnEarlyFault: Visitor = async (visit) => {
  const [path, status] = pick(visit.random, EARLY);
  const method = visit.random() < 0.3 ? 'POST' : 'GET';
  const framing = method === 'POST' ? 'content-length: 4\r\n\r\nbody' : '\r\n';
  visit.talk.send(`${method} /${path} HTTP/1.1\r\nhost: a\r\n${framing}`);
  demand(visit, await visit.talk.answer(), [status, 503], path);
};

/** The client must never see a clean end. */
export const meetsALateFault: Visitor = async (visit) => {
  const path = pick(visit.random, LATE);
  visit.talk.send(`GET /app/${path} HTTP/1.1\r\nhost: a\r\n\r\n`);
  const outcome = await visit.talk.answer();
  // The reset may overtake the head on its way to us.
  if (outcome.response === null) visit.ledger.aborted([200]);
  else demand(visit, outcome, [503], path);
};

export const sendsNonsense: Visitor = async (visit) => {
  const [request, status] = pick(visit.random, REFUSED);
  visit.talk.send(request);
  demand(visit, await visit.talk.answer(), [status], JSON.stringify(request.slice(0, 30)));
};

function demand(
  { ledger }: Visit,
  { response, status, error }: Outcome,
  allowed: readonly number[],
  what: string,
): void {
  if (response === null) ledger.wrong.push(`no whole answer (status ${status}) to ${what}: ${error}`);
  else {
    ledger.answered(response.status);
    if (!allowed.includes(response.status)) ledger.wrong.push(`status ${response.status} to ${what}`);
  }
}
