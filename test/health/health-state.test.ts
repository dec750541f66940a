import t from 'tap';
import { HealthState } from '../../src/health/health-state.ts';

const CHECK = { healthy: 2, unhealthy: 3 };

/** What is thought of an endpoint after each result: `+` good, `-` failed. */
function verdicts(results: string): string {
  const state = new HealthState();
  return results
    .split('')
    .map((result) => {
      const before = state.healthy;
      const changed = state.note(result === '+', CHECK);
      if (changed !== (before !== state.healthy)) throw new Error('a change that is none, or was not told');
      return state.healthy ? 'h' : 'u';
    })
    .join('');
}

t.test('an endpoint counts as healthy until it has been checked', async (t) => {
  const state = new HealthState();
  t.same([state.healthy, state.checked], [true, false]);
  state.note(false, CHECK);
  t.same([state.healthy, state.checked], [true, true]);
});

t.test('it takes so many results in a row to think otherwise', async (t) => {
  t.equal(verdicts('---'), 'hhu');
  t.equal(verdicts('--+--+---'), 'hhhhhhhhu');
  t.equal(verdicts('---+-++'), 'hhuuuuh');
  t.equal(verdicts('---++---++'), 'hhuuhhhuuh');
});
