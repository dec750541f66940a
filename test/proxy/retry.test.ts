import t from 'tap';
import { type Choices, type FailedAttempt, nextAttempt, retryReason } from '../../src/proxy/retry.ts';
import { UPSTREAM_FAILURE_REASONS } from '../../src/telemetry/layout.ts';

const ATTEMPT: FailedAttempt = {
  reason: 'reset',
  unsent: false,
  idempotent: true,
  repeatable: true,
};

t.test('a request of which nothing left is sent again, whatever its method', async (t) => {
  for (const reason of ['connect_refused', 'connect_timeout', 'connect_error'] as const) {
    for (const idempotent of [true, false]) {
      t.equal(retryReason({ ...ATTEMPT, reason, unsent: true, idempotent }), 'connect', reason);
    }
  }
});

t.test('what left is sent again only after a reset without an answer, and only when idempotent', async (t) => {
  for (const reason of UPSTREAM_FAILURE_REASONS) {
    t.equal(retryReason({ ...ATTEMPT, reason }), reason === 'reset' ? 'reset' : null, reason);
    t.equal(retryReason({ ...ATTEMPT, reason, idempotent: false }), null, `${reason}, not idempotent`);
  }
});

t.test('nothing is sent again that is not whole any more', async (t) => {
  for (const unsent of [true, false]) {
    t.equal(retryReason({ ...ATTEMPT, unsent, repeatable: false }), null);
  }
});

t.test('first the same version once, then the one that falls in once, then nobody', async (t) => {
  const both: Choices = { retried: false, another: true, usable: true, fallback: true };
  const cases: readonly (readonly [change: Partial<Choices>, to: string])[] = [
    [{}, 'same'],
    [{ retried: true }, 'fallback'],
    [{ another: false }, 'fallback'],
    [{ another: false, fallback: false }, 'none'],
    [{ fallback: false }, 'same'],
    [{ retried: true, fallback: false }, 'none'],
    // A version that has lost its last usable endpoint is tried again only where nobody falls in.
    [{ usable: false }, 'fallback'],
    [{ usable: false, fallback: false }, 'same'],
  ];
  for (const [change, to] of cases) t.equal(nextAttempt({ ...both, ...change }), to, JSON.stringify(change));
});
