import { Latencies, logNormal, mostlyCached } from './latencies.ts';

/** What the world is like in one tick, for both versions. */
export interface Moment {
  readonly seconds: number;
  /** 1, and 3 in the busy hour. */
  readonly load: number;
  /** Whether something that both versions depend on is out of order. */
  readonly outage: boolean;
}

interface Common {
  readonly name: string;
  /** Of both versions together, at a load of 1. */
  readonly requestsPerSecond: number;
  /** Whether there is a busy hour, from minute 15 to 45. */
  readonly busy: boolean;
  /** The chance that a tick is an outage. */
  readonly outages: number;
  /** Seconds: from when on the candidate is worse; 0 from the start. Delays are counted from then. */
  readonly onset: number;
}

export interface ErrorScenario extends Common {
  readonly baseline: (moment: Moment) => number;
  readonly candidate: (moment: Moment) => number;
}

export interface LatencyScenario extends Common {
  readonly baseline: (moment: Moment) => Latencies;
  readonly candidate: (moment: Moment) => Latencies;
}

/** The busy hour, in seconds; it has three times the load. */
export const BUSY_FROM = 900;
export const BUSY_TO = 2700;
export const BUSY_LOAD = 3;

const STEADY = { requestsPerSecond: 50, busy: false, outages: 0, onset: 0 } as const;
const LATE = 1800;

function errors(name: string, stable: (moment: Moment) => number, more: object = {}): ErrorScenario {
  return { name, ...STEADY, baseline: stable, candidate: stable, ...more };
}

const busyErrors = ({ load }: Moment) => (load > 2 ? 0.05 : 0.01);

/** The canary is as good as the stable version: whoever raises an alarm is wrong. */
export const EQUAL_ERRORS: readonly ErrorScenario[] = [
  errors('1 % errors', () => 0.01),
  errors('1 % errors, 5 % in a busy hour', busyErrors, { busy: true }),
  errors('0.1 % errors', () => 0.001),
  errors('no errors', () => 0),
  errors('20 % errors', () => 0.2),
  errors('0.5 %, outages of a dependency', ({ outage }) => (outage ? 0.5 : 0.005), { outages: 0.01 }),
  errors('1 %, one request a second', () => 0.01, { requestsPerSecond: 1 }),
  errors('1 %, 1,000 requests a second', () => 0.01, { requestsPerSecond: 1000 }),
];

/** The canary is worse by exactly the margin of one point: whoever passes it is wrong, and whoever fails it. */
export const MARGINAL_ERRORS: readonly ErrorScenario[] = [
  errors('1 % to 2 %', () => 0.01, { candidate: () => 0.02 }),
  errors('1 % to 2 %, both 4 points more in a busy hour', busyErrors, {
    busy: true,
    candidate: (moment: Moment) => busyErrors(moment) + 0.01,
  }),
];

export const WORSE_ERRORS: readonly ErrorScenario[] = [
  errors('1 % to 2 %', () => 0.01, { candidate: () => 0.02 }),
  errors('1 % to 5 %', () => 0.01, { candidate: () => 0.05 }),
  errors('5 % to 9 % as the busy hour begins', busyErrors, {
    busy: true,
    onset: BUSY_FROM,
    candidate: (moment: Moment) => busyErrors(moment) + (moment.seconds >= BUSY_FROM ? 0.04 : 0),
  }),
  errors('1 % to 5 % after 30 minutes', () => 0.01, {
    onset: LATE,
    candidate: ({ seconds }: Moment) => (seconds >= LATE ? 0.05 : 0.01),
  }),
];

const MEDIAN = 0.05;
const DEVIATION = 0.5;
const usual = new Latencies(logNormal(MEDIAN, DEVIATION));
const busier = new Latencies(logNormal(1.5 * MEDIAN, DEVIATION));
const heavy = new Latencies(logNormal(MEDIAN, 1.2));
const cached = new Latencies(mostlyCached(1));
const slower20 = new Latencies(logNormal(1.2 * MEDIAN, DEVIATION));
const slower50 = new Latencies(logNormal(1.5 * MEDIAN, DEVIATION));
const busier50 = new Latencies(logNormal(1.5 * 1.5 * MEDIAN, DEVIATION));

function latency(name: string, stable: (moment: Moment) => Latencies, more: object = {}): LatencyScenario {
  return { name, ...STEADY, requestsPerSecond: 20, baseline: stable, candidate: stable, ...more };
}

const busyLatency = ({ load }: Moment) => (load > 2 ? busier : usual);

export const EQUAL_LATENCIES: readonly LatencyScenario[] = [
  latency('log-normal', () => usual),
  latency('log-normal, 50 % slower in a busy hour', busyLatency, { busy: true }),
  latency('heavy-tailed', () => heavy),
  latency('80 % of the answers from a cache, all equal', () => cached),
  latency('log-normal, one request a second', () => usual, { requestsPerSecond: 1 }),
];

export const WORSE_LATENCIES: readonly LatencyScenario[] = [
  latency('20 % slower', () => usual, { candidate: () => slower20 }),
  latency('50 % slower', () => usual, { candidate: () => slower50 }),
  latency('50 % slower as the busy hour begins', busyLatency, {
    busy: true,
    onset: BUSY_FROM,
    candidate: ({ load, seconds }: Moment) => (load > 2 ? busier50 : seconds >= BUSY_FROM ? slower50 : usual),
  }),
  latency('50 % slower after 30 minutes', () => usual, {
    onset: LATE,
    candidate: ({ seconds }: Moment) => (seconds >= LATE ? slower50 : usual),
  }),
];
