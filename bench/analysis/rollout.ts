import { blockEnd } from '../../src/analysis/block-bounds.ts';
import type { Block, Sample } from '../../src/analysis/statistics/block.ts';
import { Histogram } from './histogram.ts';
import type { Latencies } from './latencies.ts';
import type { Random } from './random.ts';
import { BUSY_FROM, BUSY_LOAD, BUSY_TO, type ErrorScenario, type LatencyScenario, type Moment } from './scenarios.ts';
import type { Watcher } from './watcher.ts';

const TICK_SECONDS = 5;
const POLL_TICKS = 2;
const HOUR = 3600;
/** From which second on the canary has which part of the traffic. */
const STEPS = [
  [0, 0.05],
  [600, 0.25],
  [1800, 0.5],
] as const;

/** When a watcher raised its first alarm; null never. Counted from the scenario's onset. */
export interface Alarm {
  readonly requests: number;
  readonly seconds: number;
  /** Before the onset, when nothing was wrong. */
  readonly early: boolean;
}

/** One rollout of an hour, polled every ten seconds. Stops when every watcher has raised its alarm. */
export function simulate(
  scenario: ErrorScenario | LatencyScenario,
  watchers: readonly Watcher[],
  random: Random,
): (Alarm | null)[] {
  const alarms: (Alarm | null)[] = watchers.map(() => null);
  const phase = random.uniform() * 2 * Math.PI;
  const tick = new TickMaker(scenario, random);
  const open = new OpenBlock();
  let from = 0;
  let requests = 0;
  for (let seconds = 0, ticks = 1; seconds < HOUR; seconds += TICK_SECONDS, ticks++) {
    const wave = 1 + 0.3 * Math.sin(phase + (2 * Math.PI * seconds) / 1200);
    const busy = scenario.busy && seconds >= BUSY_FROM && seconds < BUSY_TO;
    const load = busy ? BUSY_LOAD : 1;
    const outage = scenario.outages > 0 && random.uniform() < scenario.outages;
    tick.make({ seconds, load, outage }, load * wave, weightAt(seconds));
    open.add(tick);
    if (seconds >= scenario.onset) requests += tick.candidate;
    for (const watcher of watchers) watcher.tick?.(tick);

    const now = seconds + TICK_SECONDS;
    if (now * 1000 >= blockEnd(0, from * 1000)) {
      const block = open.close();
      for (const watcher of watchers) watcher.block?.(block);
      from = now;
    }
    if (ticks % POLL_TICKS !== 0) continue;
    let silent = 0;
    for (const [i, watcher] of watchers.entries()) {
      if (alarms[i] !== null) continue;
      if (watcher.alarm()) alarms[i] = { requests, seconds: now - scenario.onset, early: now <= scenario.onset };
      else silent += 1;
    }
    if (silent === 0) break;
  }
  return alarms;
}

function weightAt(seconds: number): number {
  let weight = 0;
  for (const [from, value] of STEPS) if (seconds >= from) weight = value;
  return weight;
}

class TickMaker {
  candidate = 0;
  candidateFailures = 0;
  baseline = 0;
  baselineFailures = 0;
  readonly candidateLatencies = new Histogram();
  readonly baselineLatencies = new Histogram();
  readonly #scenario: ErrorScenario | LatencyScenario;
  readonly #random: Random;

  constructor(scenario: ErrorScenario | LatencyScenario, random: Random) {
    this.#scenario = scenario;
    this.#random = random;
  }

  make(moment: Moment, load: number, weight: number): void {
    const random = this.#random;
    const requests = this.#scenario.requestsPerSecond * load * TICK_SECONDS;
    this.candidate = random.round(requests * weight);
    this.baseline = random.round(requests * (1 - weight));
    const candidate = this.#scenario.candidate(moment);
    const baseline = this.#scenario.baseline(moment);
    if (typeof candidate === 'number') this.candidateFailures = random.binomial(this.candidate, candidate);
    else draw(candidate, this.candidate, this.candidateLatencies, random);
    if (typeof baseline === 'number') this.baselineFailures = random.binomial(this.baseline, baseline);
    else draw(baseline, this.baseline, this.baselineLatencies, random);
  }
}

function draw(latencies: Latencies, n: number, histogram: Histogram, random: Random): void {
  histogram.clear();
  latencies.draw(n, histogram, random);
}

/** Adds ticks up to a block. */
class OpenBlock {
  readonly #candidate = new OpenSample();
  readonly #baseline = new OpenSample();

  add(tick: TickMaker): void {
    this.#candidate.add(tick.candidate, tick.candidateFailures, tick.candidateLatencies);
    this.#baseline.add(tick.baseline, tick.baselineFailures, tick.baselineLatencies);
  }

  close(): Block {
    return { candidate: this.#candidate.close(), baseline: this.#baseline.close() };
  }
}

class OpenSample {
  #attempts = 0;
  #failures = 0;
  readonly #latencies = new Histogram();

  add(attempts: number, failures: number, latencies: Histogram): void {
    this.#attempts += attempts;
    this.#failures += failures;
    this.#latencies.add(latencies);
  }

  close(): Sample {
    const sample = { attempts: this.#attempts, failures: this.#failures, durations: this.#latencies.sparse() };
    this.#attempts = 0;
    this.#failures = 0;
    this.#latencies.clear();
    return sample;
  }
}
