import { verdictBet } from '../../src/analysis/statistics/bet.ts';
import { DistributionTest } from '../../src/analysis/statistics/distribution.ts';
import { ErrorRateTest } from '../../src/analysis/statistics/error-rate.ts';
import { mannWhitney } from '../../src/analysis/statistics/mann-whitney.ts';
import { QuantileTest } from '../../src/analysis/statistics/quantile.ts';
import { marginShift } from '../../src/analysis/statistics/shift.ts';
import { twoProportionsZ } from '../../src/analysis/statistics/two-proportions-z.ts';
import { Histogram } from './histogram.ts';
import { type Tick, verdictWatcher, type Watcher } from './watcher.ts';

export const ALPHA = 0.05;
/** The classical tests say nothing before both versions had so many requests: with fewer they would be wrong even at one look. */
const LEAST_REQUESTS = 100;
/** What a template's `rate(...[1m])` sees. */
const WINDOW_TICKS = 12;
const LEAST_SUCCESS = 0.95;
const SLOWER = 0.2;

/** One alarm to be counted: a pass of the verdict instead of a fail. */
function passWatcher(name: string, test: ErrorRateTest): Watcher {
  const certain = Math.log(1 / ALPHA);
  return { name, block: (block) => test.add(block), alarm: () => test.wealth.log >= certain };
}

export function errorWatchers(): Watcher[] {
  const verdict = (name: string, margin: number) =>
    verdictWatcher(name, new ErrorRateTest(margin, verdictBet('worse', ALPHA)), ALPHA);
  return [
    verdict('verdict, margin 0', 0),
    verdict('verdict, margin 0.5 points', 0.005),
    verdict('verdict, margin 1 point', 0.01),
    new SuccessRateTemplate(),
    new PolledZTest(),
  ];
}

/** For a canary that is worse by exactly one point. */
export function marginWatchers(): Watcher[] {
  return [
    verdictWatcher('fails, margin 1 point', new ErrorRateTest(0.01, verdictBet('worse', ALPHA)), ALPHA),
    passWatcher('passes, margin 1 point', new ErrorRateTest(0.01, verdictBet('better', ALPHA))),
  ];
}

/** For a canary that is as good: how long until it passes. */
export function passWatchers(): Watcher[] {
  const pass = (name: string, margin: number) =>
    passWatcher(name, new ErrorRateTest(margin, verdictBet('better', ALPHA)));
  return [pass('passes, margin 0.5 points', 0.005), pass('passes, margin 1 point', 0.01)];
}

export function latencyWatchers(margins: readonly number[]): Watcher[] {
  const watchers: Watcher[] = [];
  for (const margin of margins) {
    const bet = verdictBet('worse', ALPHA);
    const said = margin === 0 ? 'margin 0' : `margin ${100 * margin} %`;
    for (const quantile of [0.5, 0.95, 0.99]) {
      const test = new QuantileTest(quantile, margin, bet);
      watchers.push(verdictWatcher(`verdict, p${100 * quantile}, ${said}`, test, ALPHA));
    }
    watchers.push(verdictWatcher(`verdict, distribution, ${said}`, new DistributionTest(margin, bet), ALPHA));
  }
  watchers.push(new LatencyTemplate(), new PolledMannWhitney());
  return watchers;
}

/** A success rate of the canary below 95 % in the last minute. */
class SuccessRateTemplate implements Watcher {
  readonly name = 'template, success >= 95 % in 1 min';
  readonly #window: { requests: number; failures: number }[] = [];

  tick({ candidate, candidateFailures }: Tick): void {
    this.#window.push({ requests: candidate, failures: candidateFailures });
    if (this.#window.length > WINDOW_TICKS) this.#window.shift();
  }

  alarm(): boolean {
    let requests = 0;
    let failures = 0;
    for (const tick of this.#window) {
      requests += tick.requests;
      failures += tick.failures;
    }
    return failures > (1 - LEAST_SUCCESS) * requests;
  }
}

/** The classical test of all requests so far, as if each look were the only one. */
class PolledZTest implements Watcher {
  readonly name = 'z-test, p < 0.05, polled';
  readonly #table = { candidate: 0, candidateEvents: 0, baseline: 0, baselineEvents: 0 };

  tick(tick: Tick): void {
    this.#table.candidate += tick.candidate;
    this.#table.candidateEvents += tick.candidateFailures;
    this.#table.baseline += tick.baseline;
    this.#table.baselineEvents += tick.baselineFailures;
  }

  alarm(): boolean {
    if (Math.min(this.#table.candidate, this.#table.baseline) < LEAST_REQUESTS) return false;
    return (twoProportionsZ(this.#table, ALPHA)?.p ?? 1) < ALPHA;
  }
}

/** The canary's p95 of the last minute more than 20 % above the stable version's. */
class LatencyTemplate implements Watcher {
  readonly name = 'template, p95 at most 20 % above in 1 min';
  readonly #candidate = new SlidingHistogram();
  readonly #baseline = new SlidingHistogram();

  tick(tick: Tick): void {
    this.#candidate.add(tick.candidateLatencies);
    this.#baseline.add(tick.baselineLatencies);
  }

  alarm(): boolean {
    const candidate = this.#candidate.sum.quantile(0.95);
    const baseline = this.#baseline.sum.quantile(0.95);
    return candidate >= 0 && baseline >= 0 && candidate - baseline > marginShift(SLOWER, { evidenceOf: 'better' });
  }
}

class SlidingHistogram {
  readonly sum = new Histogram();
  readonly #parts: Histogram[] = [];

  add(histogram: Histogram): void {
    const part = this.#parts.length < WINDOW_TICKS ? new Histogram() : this.#parts.shift();
    if (part === undefined) return;
    this.sum.add(part, -1);
    part.clear();
    part.add(histogram);
    this.sum.add(part);
    this.#parts.push(part);
  }
}

/** The classical test of all durations so far, as if each look were the only one. */
class PolledMannWhitney implements Watcher {
  readonly name = 'Mann-Whitney, p < 0.05, polled';
  readonly #candidate = new Histogram();
  readonly #baseline = new Histogram();
  #least = 0;

  tick(tick: Tick): void {
    this.#candidate.add(tick.candidateLatencies);
    this.#baseline.add(tick.baselineLatencies);
    this.#least = Math.min(this.#least + tick.candidate, this.#least + tick.baseline);
  }

  alarm(): boolean {
    if (this.#least < LEAST_REQUESTS) return false;
    return (mannWhitney(this.#candidate.sparse(), this.#baseline.sparse())?.p ?? 1) < ALPHA;
  }
}
