import t from 'tap';
import { Analysis, type AnalysisAnswer } from '../../src/analysis/analysis.ts';
import { canaryRoute, route, table, version } from '../telemetry/tables.ts';
import { Traffic } from './traffic.ts';

const STABLE = '5d8c';
const CANARY = '7f9b';
/** The recorder's clock began here. */
const EPOCH = Date.UTC(2026, 0, 1);

class Judge extends Traffic {
  /** Milliseconds by which somebody has set the system's clock. */
  drift = 0;
  readonly analysis = new Analysis({
    recorder: this.recorder,
    started: () => this.started,
    now: () => this.now,
    wallClock: () => EPOCH + this.now + this.drift,
    peers: null,
  });
  started = true;

  async ask(query: string): Promise<AnalysisAnswer> {
    const { status, body } = await this.analysis.answer(new URLSearchParams(query));
    if (status !== 200) throw new Error(`${status} ${body}`);
    return body;
  }

  /** So many seconds in which each version gets as many requests a second. */
  serve(seconds: number, { canary = 20, failures = 0, stable = 100, stableFailures = 1 } = {}): void {
    for (let i = 0; i < seconds; i++) {
      this.send(STABLE, stable, { failures: stableFailures });
      this.send(CANARY, canary, { failures });
      this.wait(1);
    }
  }
}

function judge(): Judge {
  const made = new Judge();
  made.apply(table(canaryRoute()));
  return made;
}

t.test('a canary that fails more often than the margin allows fails, with the numbers that say so', async (t) => {
  const traffic = judge();
  traffic.serve(60, { failures: 2 });
  const answer = await traffic.ask('rollout=shop/talana&metrics=error-rate');
  t.match(answer, {
    verdict: 'fail',
    code: -1,
    since: '2026-01-01T00:01:41.000Z',
    seconds: 55,
    alpha: 0.05,
    route: 'talana',
    candidate: { version: CANARY, role: 'canary', attempts: 20 * 56, failures: 2 * 56, failureRate: 0.1 },
    baseline: { version: STABLE, role: 'stable', attempts: 100 * 55, failures: 55, failureRate: 0.01 },
    metrics: [{ name: 'error-rate', verdict: 'fail', code: -1, margin: 0.01, evidence: { failsAt: 20, passesAt: 20 } }],
    peers: { asked: 0, missing: [] },
  });
  const [metric] = answer.metrics;
  t.ok((metric?.evidence.worse ?? 0) >= 20);
  t.ok((metric?.interval[0] ?? 0) > 0.01);
  t.match(
    answer.reason,
    /^7f9b fails [\d.]+ points more often than 5d8c \(\+[\d.]+ to \+[\d.]+ points\), where 1 point is allowed$/,
  );
});

t.test('a canary that is as good passes when there is enough to go by, and is inconclusive before', async (t) => {
  const traffic = judge();
  traffic.serve(12);
  const early = await traffic.ask('rollout=talana&metrics=error-rate');
  t.match(early, { verdict: 'inconclusive', code: 0 });
  t.match(early.reason, /^not enough to tell yet: 7f9b fails 1 point less often than 5d8c/);
  traffic.serve(300);
  t.match(await traffic.ask('rollout=talana&metrics=error-rate'), {
    verdict: 'pass',
    code: 1,
  });
});

t.test('a canary that turns bad late fails, and the reason says that the whole time was not so bad', async (t) => {
  const traffic = judge();
  traffic.serve(1_200);
  traffic.serve(60, { failures: 4 });
  const { verdict, reason } = await traffic.ask('rollout=talana&metrics=error-rate&errorRateMargin=0.02');
  t.equal(verdict, 'fail');
  t.match(reason, /where 2 points are allowed; for a part of the time it was worse$/);
});

t.test('alpha is divided over the metrics for a fail, and one that fails makes the whole fail', async (t) => {
  const traffic = judge();
  traffic.serve(60, { failures: 2 });
  const { verdict, reason, metrics } = await traffic.ask('rollout=talana&metrics=error-rate,latency-p50,latency-p95');
  t.strictSame(
    metrics.map(({ evidence }) => [Math.round(evidence.failsAt), evidence.passesAt]),
    [
      [60, 20],
      [60, 20],
      [60, 20],
    ],
  );
  t.equal(verdict, 'fail');
  t.equal(reason, metrics[0]?.reason);
});

t.test('it passes when every metric does', async (t) => {
  const traffic = judge();
  traffic.serve(600, { canary: 50 });
  t.match(await traffic.ask('rollout=talana&errorRateMargin=0.02'), {
    verdict: 'pass',
    code: 1,
    reason: '7f9b is not worse than 5d8c by more than the margins: error-rate, latency-p95',
    metrics: [{ verdict: 'pass' }, { verdict: 'pass' }],
  });
});

t.test('a date is the same whenever it is asked for', async (t) => {
  const traffic = judge();
  traffic.serve(10);
  const { since } = await traffic.ask('rollout=talana');
  traffic.wait(3);
  traffic.drift = 12_345;
  t.equal((await traffic.ask('rollout=talana')).since, since);
});

t.test('a verdict waits for the samples that are asked for', async (t) => {
  const traffic = judge();
  traffic.serve(20, { canary: 4, failures: 4 });
  t.match(await traffic.ask('rollout=talana&metrics=error-rate'), {
    verdict: 'inconclusive',
    reason: '7f9b has had 64 of the 100 attempts that minimumSamples asks for',
  });
  t.match(await traffic.ask('rollout=talana&metrics=error-rate&minimumSamples=50'), { verdict: 'fail' });
});

t.test('durations become quantiles of each version', async (t) => {
  const traffic = judge();
  traffic.send(CANARY, 1);
  traffic.wait(1);
  traffic.send(CANARY, 99, { ms: 50 });
  traffic.send(STABLE, 90, { ms: 20 });
  traffic.send(STABLE, 10, { ms: 400 });
  traffic.wait(5);
  const { candidate, baseline } = await traffic.ask('rollout=talana');
  const near = (value: number | null, expected: number) => Math.abs((value ?? 0) / expected - 1) < 0.011;
  t.ok(near(candidate.p95, 0.05), `${candidate.p95}`);
  t.ok(near(baseline.p50, 0.02), `${baseline.p50}`);
  t.ok(near(baseline.p99, 0.4), `${baseline.p99}`);
  t.equal(baseline.requests, 100);
});

t.test('each quantile is the one that was asked for', async (t) => {
  const traffic = judge();
  for (let second = 0; second < 300; second++) {
    for (let i = 0; i < 100; i++) {
      traffic.send(STABLE, 1, { ms: 10 + i });
      traffic.send(CANARY, 1, { ms: i < 97 ? 10 + i : 500 });
    }
    traffic.wait(1);
  }
  const { metrics } = await traffic.ask('rollout=talana&metrics=latency-p50,latency-p95,latency-p99');
  t.strictSame(
    metrics.map(({ verdict }) => verdict),
    ['pass', 'pass', 'fail'],
  );
});

t.test('before there is anything to judge by it is inconclusive, and the reason says why', async (t) => {
  const traffic = judge();
  const reason = async (query: string) => {
    const { verdict, code, reason, metrics } = await traffic.ask(query);
    t.match({ verdict, code }, { verdict: 'inconclusive', code: 0 });
    t.ok(
      metrics.every(
        (metric) => metric.verdict === 'inconclusive' && metric.reason === reason && metric.estimate === null,
      ),
    );
    return reason;
  };
  t.equal(await reason('rollout=talana'), 'no request has come to 7f9b since 2026-01-01T00:01:40.000Z');
  t.equal(
    await reason('rollout=talana&candidate=zzz'),
    'route talana has no version zzz now: there are stable 5d8c, canary 7f9b',
  );
  t.equal(
    await reason('rollout=talana&candidate=stable&baseline=canary'),
    '5d8c is stable, which others are compared with: ask for another candidate',
  );
  traffic.send(CANARY, 1);
  traffic.wait(2);
  t.equal(
    await reason('rollout=talana'),
    'counting began at 2026-01-01T00:01:41.000Z: the first block of time has not ended yet',
  );
  traffic.started = false;
  t.equal(await reason('rollout=nobody'), 'this Headgate has just started and has no routing table yet');
});

t.test('a mistake in the question is one line, and no answer', async (t) => {
  const { analysis } = judge();
  t.strictSame(await analysis.answer(new URLSearchParams('rollout=shop/web')), {
    status: 404,
    body: 'there is no rollout shop/web: the rollouts are shop/talana',
  });
  t.match(await analysis.answer(new URLSearchParams('alpha=2&route=talana')), { status: 400, body: /^alpha must be/ });
});

t.test('the verdict goes on by hash after the promotion', async (t) => {
  const traffic = judge();
  traffic.serve(60, { failures: 2 });
  traffic.apply(table(route('talana', [version(`shop/talana/${CANARY}`)])));
  const query = `rollout=talana&candidate=${CANARY}&baseline=${STABLE}&metrics=error-rate`;
  t.match(await traffic.ask(query), {
    verdict: 'fail',
    candidate: { version: CANARY, role: 'stable' },
    baseline: { version: STABLE, role: null },
  });
  t.match(await traffic.ask('rollout=talana'), { verdict: 'inconclusive', reason: /^route talana has no canary now/ });
});

t.test('who asks again before the next block gets the same judgement, and a new one after it', async (t) => {
  const traffic = judge();
  traffic.serve(20);
  const first = await traffic.ask('rollout=talana');
  traffic.send(CANARY, 100, { failures: 100 });
  const again = await traffic.ask('rollout=talana');
  t.equal(again.metrics, first.metrics, 'the very same');
  t.match(await traffic.ask('rollout=talana&alpha=0.1'), { alpha: 0.1, metrics: [{ evidence: { passesAt: 10 } }] });
  traffic.wait(5);
  const next = await traffic.ask('rollout=talana');
  t.equal(next.candidate.failures, 100);
});

t.test('every number of an answer is one that JSON has', async (t) => {
  const traffic = judge();
  traffic.serve(60, { failures: 20, stableFailures: 0 });
  const finite = (value: unknown): boolean => {
    if (typeof value === 'number') return Number.isFinite(value);
    return value === null || typeof value !== 'object' || Object.values(value).every(finite);
  };
  t.ok(finite(await traffic.ask('rollout=talana')));
  t.ok(finite(await traffic.ask('rollout=talana&candidate=zzz')));
});
