import t from 'tap';
import { RetryBudget } from '../../src/upstream/retry-budget.ts';

/** Takes until there is no more. */
function drain(budget: RetryBudget): number {
  let taken = 0;
  while (taken < 10_000 && budget.take()) taken += 1;
  return taken;
}

t.test('a share of the requests may be sent again, and the minimum of ten seconds besides', async (t) => {
  const budget = new RetryBudget({ budget: 0.2, minimum: 3 });
  budget.sweep(0);
  budget.requests = 100;
  t.equal(drain(budget), 50);
  budget.requests += 10;
  t.equal(drain(budget), 2);
});

t.test('requests and retries count for ten seconds', async (t) => {
  const budget = new RetryBudget({ budget: 0.2, minimum: 0 });
  budget.sweep(0);
  budget.requests = 100;
  for (let second = 1; second <= 9; second += 1) budget.sweep(second * 1_000);
  t.equal(drain(budget), 20, 'nine seconds later they still do');
  budget.sweep(10_000);
  budget.requests = 100;
  t.equal(drain(budget), 0, 'the requests are forgotten before the retries are: those are ten seconds younger');
  for (let second = 11; second <= 18; second += 1) budget.sweep(second * 1_000);
  t.equal(drain(budget), 0);
  budget.sweep(19_000);
  t.equal(drain(budget), 20);
});

t.test('the minimum comes again and again, as so many a second', async (t) => {
  const budget = new RetryBudget({ budget: 0, minimum: 3 });
  let taken = 0;
  for (let ms = 0; ms <= 100_000; ms += 250) {
    budget.sweep(ms);
    if (budget.take()) taken += 1;
  }
  t.ok(taken >= 295 && taken <= 335, `${taken} in 100 seconds`);
});

t.test('a pause longer than the window leaves nothing of it', async (t) => {
  const budget = new RetryBudget({ budget: 1, minimum: 1 });
  budget.sweep(0);
  budget.requests = 50;
  t.equal(drain(budget), 60);
  budget.sweep(1_000_000);
  t.equal(drain(budget), 10);
});

t.test('without a budget nothing is sent again', async (t) => {
  const off = new RetryBudget(null);
  off.requests = 1_000;
  t.equal(off.take(), false);
});
