import t from 'tap';
import { EQUAL_ERRORS, EQUAL_LATENCIES, MARGINAL_ERRORS, WORSE_ERRORS } from '../../bench/analysis/scenarios.ts';
import { type Result, study } from '../../bench/analysis/study.ts';
import { ALPHA, errorWatchers, latencyWatchers, marginWatchers } from '../../bench/analysis/watchers.ts';
import { judgeErrorRate } from '../../src/analysis/statistics/error-rate.ts';
import { seededRandom } from '../routing/seeded-random.ts';
import { attempts, binomial } from './lib/samples.ts';

const SEED = 20_261;

/** How many alarms among so many rollouts chance allows at a rate of alpha, but for one time in a thousand. */
function allowed(rollouts: number): number {
  let sum = 0;
  for (let alarms = 0; ; alarms++) {
    sum += binomial(rollouts, alarms, ALPHA);
    if (sum > 0.999) return alarms;
  }
}

function isVerdict({ watcher }: Result): boolean {
  return watcher.startsWith('verdict');
}

t.test('a canary as good as stable fails in at most 5 % of the rollouts, however often it is asked for', async (t) => {
  const rollouts = 100;
  for (const scenario of EQUAL_ERRORS.slice(0, 3)) {
    const results = study(scenario, errorWatchers, { rollouts, seed: SEED });
    for (const { watcher, alarms } of results.filter(isVerdict)) {
      t.ok(alarms <= allowed(rollouts), `${scenario.name}, ${watcher}: ${alarms}`);
    }
    const polled = results.find(({ watcher }) => watcher.startsWith('z-test'));
    t.ok((polled?.alarms ?? 0) > allowed(rollouts), 'of which a z-test asked as often is far from');
  }
});

t.test('a canary as fast as stable fails in at most 5 % of the rollouts', async (t) => {
  const rollouts = 25;
  for (const scenario of EQUAL_LATENCIES.slice(1, 2)) {
    const watchers = () => latencyWatchers([0]).filter(({ name }) => name.startsWith('verdict'));
    for (const { watcher, alarms } of study(scenario, watchers, { rollouts, seed: SEED })) {
      t.ok(alarms <= allowed(rollouts), `${scenario.name}, ${watcher}: ${alarms}`);
    }
  }
});

t.test('a canary that is worse by exactly the margin neither fails nor passes in more than 5 %', async (t) => {
  const rollouts = 100;
  for (const scenario of MARGINAL_ERRORS) {
    for (const { watcher, alarms } of study(scenario, marginWatchers, { rollouts, seed: SEED })) {
      t.ok(alarms <= allowed(rollouts), `${scenario.name}, ${watcher}: ${alarms}`);
    }
  }
});

t.test('a canary with five times the errors is found in every rollout, also after half an hour', async (t) => {
  for (const scenario of WORSE_ERRORS.filter(({ name }) => name.startsWith('1 % to 5 %'))) {
    for (const { watcher, alarms, early } of study(scenario, errorWatchers, { rollouts: 20, seed: SEED }).filter(
      isVerdict,
    )) {
      t.equal(alarms + early, 20, `${scenario.name}, ${watcher}`);
    }
  }
});

t.test('the interval misses the difference in at most 5 % of the comparisons, at any of three looks', async (t) => {
  const random = seededRandom(SEED);
  const draw = (n: number, rate: number): [number, number] => {
    let failures = 0;
    for (let i = 0; i < n; i++) if (random() < rate) failures += 1;
    return [n, failures];
  };
  const comparisons = 60;
  let missed = 0;
  for (let i = 0; i < comparisons; i++) {
    const blocks = Array.from({ length: 60 }, () => attempts(draw(20, 0.06), draw(80, 0.02)));
    const looks = [6, 20, 60].map(
      (count) => judgeErrorRate(blocks.slice(0, count), { margin: 0, alpha: ALPHA }).interval,
    );
    if (looks.some(([low, high]) => low > 0.04 || high < 0.04)) missed += 1;
  }
  t.ok(missed <= allowed(comparisons), String(missed));
});
