import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../../cluster/judge/quantile.ts';
import { now } from '../../cluster/load/clock.ts';
import { type Load, startLoad } from '../../cluster/load/load.ts';
import { appRoute } from '../lib/app-route.ts';
import { HeadgateProcess } from '../lib/headgate-process.ts';
import { rss } from '../lib/proc.ts';
import type { Context, Scenario } from '../lib/scenario.ts';
import { attack, type Mode, slowhttptestVersion, tried } from '../lib/slowhttptest.ts';
import { until } from '../lib/until.ts';
import { startUpstream } from '../lib/upstream.ts';

const CONNECTIONS = 1_000;
const RATE = 300;
/** Requests a second of the good clients: enough for a 99th percentile in a few seconds, and far from what Headgate can do. */
const GOOD_RATE = 250;
const MOST_TIMES = 2;
/** Of a quiet time; an attack takes about twice as long. */
const QUIET_MS = 4_000;
/** What a round of each of the three takes. */
const ROUND_SECONDS = 36;
/** A machine that others use makes a bad second by itself, or leaves the attacker no time: such a round is repeated. */
const MORE_ROUNDS = 2;
const LOOK_MS = 500;
/** Headgate's, so that most of the thousand are there at a time. */
const PATIENCE_S = 4;

/** A thousand slow clients at a time, in three manners, beside good ones. */
export const scenario: Scenario = { name: 'slow-clients', seconds: 36, run };

interface Round {
  /** Of the good clients' latency, milliseconds. */
  readonly quiet: number;
  readonly attacked: number;
  readonly samples: number;
  /** Connections that the attacker has tried to open, by its own account. */
  readonly tried: number;
  /** Most connections at a time. */
  readonly peak: number;
  readonly peakRss: number;
  /** Answers with status 408. */
  readonly timedOut: number;
}

async function run(context: Context): Promise<void> {
  context.figure('slowhttptest', slowhttptestVersion());
  const upstreams = await Promise.all(['one', 'two'].map((name) => startUpstream(context, name)));
  // What is judged is Headgate: the good clients do not ask the application that the slow ones keep busy.
  const attacked = await startUpstream(context, 'attacked');
  const more = `  - { name: attacked, path: /attacked, versions: { only: { weight: 1, endpoints: ["127.0.0.1:${attacked.port}"] } } }
timeouts: { requestHeaders: ${PATIENCE_S}s, idle: ${PATIENCE_S}s }
`;
  const headgate = await HeadgateProcess.start(context, { config: appRoute(upstreams, more) });
  const load = startLoad({
    targets: [{ host: '127.0.0.1', port: headgate.port }],
    connections: 8,
    streams: [{ name: 'good', rate: GOOD_RATE, host: 'app.test', path: '/app/', posts: 0 }],
  });
  // Until everything that is used has been compiled.
  await load.answered(2 * GOOD_RATE);
  const wanted = Math.max(1, Math.round(context.seconds / ROUND_SECONDS));
  for (const mode of ['header', 'body', 'read'] as const) {
    const rounds: Round[] = [];
    for (let tries = 0; tries < wanted + MORE_ROUNDS; tries += 1) {
      if (rounds.length >= wanted && ratio(rounds) <= MOST_TIMES) break;
      const round = await oneRound(context, headgate, load, mode);
      if (isAttack(round)) rounds.push(round);
      const { quiet, attacked, tried, peak } = round;
      context.say(`${mode}: p99 ${quiet.toFixed(1)} ms quiet, ${attacked.toFixed(1)} ms under attack`);
      context.say(`${mode}: ${tried} slow connections, ${peak} at a time`);
    }
    context.check(
      `${mode}: the attacker got to attack`,
      rounds.length >= wanted,
      `in ${rounds.length} of ${wanted} rounds`,
    );
    if (rounds.length > 0) judgeRounds(context, mode, rounds);
  }
  await load.stop();
  const failed = load.records.filter(({ status, error }) => status !== 200 || error !== null);
  context.figure('good requests, failed', `${load.records.length}, ${failed.length}`);
  context.check('no good request failed', failed.length === 0, `${failed[0]?.status} ${failed[0]?.error}`);
  context.check('nothing unexpected was logged', headgate.bugs.length === 0, headgate.bugs.slice(0, 3).join('\n'));
}

/** A quiet time, and then an attack of the same length at least, which ends by itself or when Headgate has closed everything. */
async function oneRound(context: Context, headgate: HeadgateProcess, load: Load, mode: Mode): Promise<Round> {
  const own = await headgate.metric('headgate_connections');
  const quiet = await latencies(load, () => sleep(QUIET_MS));
  const before = await timeouts(headgate);
  let [attempts, peak, peakRss] = [0, 0, 0];
  const attacked = await latencies(load, async () => {
    const url = `http://127.0.0.1:${headgate.port}/attacked/${mode === 'read' ? 'medium' : ''}`;
    const length = Math.ceil(CONNECTIONS / RATE + PATIENCE_S + 1);
    const attacker = attack(context, { mode, url, connections: CONNECTIONS, rate: RATE, seconds: length });
    while (!attacker.exited) {
      peak = Math.max(peak, (await headgate.metric('headgate_connections')) - own);
      peakRss = Math.max(peakRss, rss(headgate.pid));
      await sleep(LOOK_MS);
    }
    attempts = tried(attacker);
  });
  await until(
    async () => (await headgate.metric('headgate_connections')) <= 2 * own,
    'the end of the slow connections',
  );
  const timedOut = (await timeouts(headgate)) - before;
  const p99 = (values: readonly number[]): number => quantile(values, 0.99);
  return {
    quiet: p99(quiet),
    attacked: p99(attacked),
    samples: quiet.length + attacked.length,
    tried: attempts,
    peak,
    peakRss,
    timedOut,
  };
}

/** The attacker has the lowest priority, and gets nothing done where others need the machine. What Headgate did does not matter here. */
function isAttack({ tried }: Round): boolean {
  return tried >= 0.9 * CONNECTIONS;
}

function judgeRounds(context: Context, mode: Mode, rounds: readonly Round[]): void {
  const most = (of: (round: Round) => number): number => Math.max(...rounds.map(of));
  const ms = rounds.map(
    ({ quiet, attacked }) => `${quiet.toFixed(1)} ms quiet, ${attacked.toFixed(1)} ms under attack`,
  );
  const samples = rounds.reduce((sum, round) => sum + round.samples, 0);
  const peak = most((round) => round.peak);
  const timedOut = Math.min(...rounds.map((round) => round.timedOut));
  const mib = (most(({ peakRss }) => peakRss) / 1024).toFixed(0);
  const times = `${ratio(rounds).toFixed(2)} times`;
  context.figure(`${mode}: p99 of good clients`, `${ms.join('; ')}: ${times}, of ${samples} requests`);
  context.figure(`${mode}: slow connections, answered 408`, `${peak}, ${timedOut}; peak RSS ${mib} MiB`);
  const sentence = `${mode}: p99 of good clients is at most ${MOST_TIMES} times the quiet one`;
  context.check(sentence, ratio(rounds) <= MOST_TIMES, ms.join('; '));
  context.check(`${mode}: the attack was one`, peak >= CONNECTIONS / 2, `${peak} connections at most`);
  // A slow reader has sent all that there is to send.
  if (mode === 'read') return;
  const found = `${timedOut} of ${CONNECTIONS}`;
  context.check(`${mode}: slow clients are answered 408`, timedOut >= 0.9 * CONNECTIONS, found);
}

/** The median of the rounds', each of which is compared with the quiet time right before; the lower one of two. */
function ratio(rounds: readonly Round[]): number {
  return quantile(
    rounds.map(({ quiet, attacked }) => attacked / quiet),
    0.5,
  );
}

function timeouts(headgate: HeadgateProcess): Promise<number> {
  return headgate.metric('headgate_requests_total', { status: '408' });
}

/** Milliseconds of each good request that was due meanwhile. */
async function latencies(load: Load, meanwhile: () => Promise<unknown>): Promise<readonly number[]> {
  const from = now();
  await meanwhile();
  const until = now();
  while (load.records.at(-1) === undefined || (load.records.at(-1)?.scheduledAt ?? 0) < until) await sleep(20);
  return load.records
    .filter(({ scheduledAt }) => scheduledAt >= from && scheduledAt < until)
    .map(({ scheduledAt, endedAt }) => endedAt - scheduledAt);
}
