import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome, Talk } from './talk.ts';
import { pick, type Visit, type Visitor } from './visit.ts';

/*
 * Clients that leave before they have their answer. Where a request has certainly been read, it is counted once: as 499, or
 * with its status, when the answer was already with the kernel. A FIN behind a request is read after it; a reset may
 * overtake it, so those who reset have heard something first.
 */

export const leavesInTheHead: Visitor = async ({ talk, ledger, random }) => {
  talk.send('GET /app/ HTTP/1.1\r\nhost: a\r\nx-unfin');
  await talk.written();
  if (random() < 0.5) talk.leave();
  else talk.reset();
  ledger.unfinished += 1;
};

export const leavesInTheBody: Visitor = async ({ talk, ledger, random }) => {
  const framing = pick(random, ['content-length: 100000\r\n\r\n', 'transfer-encoding: chunked\r\n\r\nffff\r\n']);
  talk.send(`POST /app/ HTTP/1.1\r\nhost: a\r\n${framing}the beginning of a body`);
  await talk.written();
  if (random() < 0.5) await sleep(5);
  talk.leave();
  ledger.aborted([400, 499]);
};

/** Has been told to go on with its body, and resets. */
export const resetsInTheBody: Visitor = async (visit) => {
  const { talk } = visit;
  const resets = leavesOn(talk, 'onInterim', () => {
    talk.send('the beginning of a body');
    talk.reset();
  });
  talk.send('POST /app/ HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 100000\r\n\r\n');
  note(visit, await resets, [499]);
};

export const leavesWhileItWaits: Visitor = async ({ talk, ledger, random }) => {
  const [path, status] = pick(random, [['slow', 200] as const, ['stall', 504] as const, ['', 200] as const]);
  talk.send(`GET /app/${path} HTTP/1.1\r\nhost: a\r\n\r\n`);
  await talk.written();
  talk.leave();
  ledger.aborted([status, 499, 503]);
};

/** Has seen early hints, and resets before the answer. */
export const resetsWhileItWaits: Visitor = async (visit) => {
  const { talk } = visit;
  const resets = leavesOn(talk, 'onInterim', () => talk.reset());
  talk.send('GET /app/hint HTTP/1.1\r\nhost: a\r\n\r\n');
  note(visit, await resets, [200, 499]);
};

export const leavesInTheAnswer: Visitor = async (visit) => {
  const { talk, random } = visit;
  const path = pick(random, ['large', 'drip', 'stall-body']);
  const leaves = leavesOn(talk, 'onByte', () => (random() < 0.5 ? talk.leave() : talk.reset()));
  talk.send(`GET /app/${path} HTTP/1.1\r\nhost: a\r\n\r\n`);
  note(visit, await leaves, [200, 499]);
};

/** Half-closes behind a complete request: no abort, and it gets its answer. */
export const halfCloses: Visitor = async (visit) => {
  visit.talk.send('GET /app/slow HTTP/1.1\r\nhost: a\r\n\r\n');
  visit.talk.socket.end();
  const { response, error } = await visit.talk.answer();
  if (response === null) visit.ledger.wrong.push(`no answer after a half-close: ${error}`);
  else visit.ledger.answered(response.status);
};

function leavesOn(talk: Talk, event: 'onByte' | 'onInterim', leave: () => void): Promise<Outcome> {
  let gone = false;
  return talk.answer({
    [event]: () => {
      if (!gone) leave();
      gone = true;
    },
  });
}

/** Whoever waited for something that never came has been answered at once. */
function note({ ledger }: Visit, { response, error }: Outcome, statuses: readonly number[]): void {
  if (response !== null) ledger.answered(response.status);
  else if (error === 'left') ledger.aborted(statuses);
  else ledger.wrong.push(`no answer to one who was about to leave: ${error}`);
}
