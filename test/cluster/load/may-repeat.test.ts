import t from 'tap';
import { mayRepeat } from './may-repeat.ts';

const IDLE_CLOSE = { method: 'GET', reused: true, answerBegun: false, nothingWritten: false, timedOut: false };

t.test('a safe request is repeated when a kept connection closes before a byte of its answer', async (t) => {
  t.equal(mayRepeat(IDLE_CLOSE), true);
  t.equal(mayRepeat({ ...IDLE_CLOSE, method: 'HEAD' }), true);
});

t.test('a request that may have been processed is not repeated unless it never left', async (t) => {
  t.equal(mayRepeat({ ...IDLE_CLOSE, method: 'POST' }), false);
  t.equal(mayRepeat({ ...IDLE_CLOSE, method: 'POST', nothingWritten: true }), true);
});

t.test('nothing is repeated after a new connection, a byte of an answer or a timeout', async (t) => {
  t.equal(mayRepeat({ ...IDLE_CLOSE, reused: false }), false);
  t.equal(mayRepeat({ ...IDLE_CLOSE, answerBegun: true }), false);
  t.equal(mayRepeat({ ...IDLE_CLOSE, timedOut: true }), false);
});
