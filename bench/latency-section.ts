import { fileURLToPath } from 'node:url';
import type { Cycle, Plan, Report } from './clients/constant-rate.ts';
import { LOAD_CORE, PROXY_CORE } from './cores.ts';
import { collections, pausesList, pauseTarget } from './gc-trace.ts';
import { startTraced, whileScraped } from './headgate-process.ts';
import { makeLoad } from './load.ts';
import { NOISY_PERCENT } from './measure.ts';
import type { Peer, PeerOptions } from './peers/peer.ts';
import { table } from './report.ts';
import type { Section, SectionResult, Setting, TargetRow } from './section.ts';
import { median, quantile, spread } from './spread.ts';
import { GET } from './workloads.ts';

/** What the proxies add to a request's time when they have little to do. */
export const latencySection: Section = { name: 'latency', title: 'Latency at a low rate', run };

const CLIENT = fileURLToPath(new URL('clients/constant-rate.ts', import.meta.url));
const RATE = { connections: 4, rate: 1_000, turnMs: 1_250, warmUpMs: 250 } as const;
const CYCLES_A_ROUND = 4;
const WARM_UP_SECONDS = 4;
const PEERS = ['nginx', 'haproxy', 'envoy', 'undici', 'http-proxy'];
/** Of the issue: how much more than nginx Headgate may add to the 99th percentile, milliseconds. */
const ALLOWANCE = 0.2;

/** A target's latencies, milliseconds, by cycle. */
interface Target {
  readonly name: string;
  readonly cycles: readonly (readonly number[])[];
}

async function run(setting: Setting): Promise<SectionResult> {
  const { children, versions, peers: products, rounds } = setting;
  const options: PeerOptions = { versions, tls: null, workers: 1, cores: [PROXY_CORE] };
  const headgate = await startTraced(children, options);
  const others: Peer[] = [];
  for (const product of products.filter(({ name }) => PEERS.includes(name))) {
    others.push(await product.start(children, options));
  }
  const targets = [
    { name: 'direct', port: versions[0]?.ports[0] ?? 0, pid: null },
    ...[headgate, ...others].map(({ name, port, pid }) => ({ name, port, pid })),
  ];
  // A proxy lives for weeks: that Node.js compiles what is new to it is not to be seen.
  const load = makeLoad(children, GET);
  for (const peer of [headgate, ...others]) await load.run(peer, WARM_UP_SECONDS);
  const plan: Plan = { ...RATE, cycles: rounds * CYCLES_A_ROUND, targets };
  const startUp = headgate.child.output().length;
  const report = await whileScraped(headgate, async () => askAtRate(setting, plan));
  const pauses = collections(headgate.child.output(), startUp);
  for (const child of [headgate.child, ...others.map((peer) => peer.child)]) await children.end(child);

  const quiet = quietCycles(report, plan);
  const measured = targets.map(({ name }, index) => ({
    name,
    cycles: quiet.map(({ latencies }) => (latencies[index] ?? []).map((microseconds) => microseconds / 1000)),
  }));
  const lateness = report.lateness.map((microseconds) => microseconds / 1000);
  const seconds = ((plan.turnMs * report.cycles.length) / 1000) * targets.length;
  const markdown = [
    description(plan),
    latencyTable(measured),
    quietness(quiet, report),
    `The client itself sent late by ${inMs(quantile(lateness, 0.5))} (median), ${inMs(quantile(lateness, 0.99))} (p99), ${inMs(quantile(lateness, 1))} at most, which does not count.`,
    `Garbage in Headgate in these ${Math.round(seconds)} s:`,
    pausesList(pauses, seconds),
  ];
  return {
    markdown: markdown.join('\n\n'),
    targets: [...p99Target(measured), pauseTarget('at a low rate', pauses)],
    failures: [],
  };
}

/** What others disturbed does not count, unless there is little else. */
function quietCycles({ cycles }: Report, plan: Plan): readonly Cycle[] {
  const quietest = cycles.toSorted((a, b) => a.others - b.others);
  return quietest.filter(({ others }, index) => index < plan.cycles / 4 || others <= NOISY_PERCENT);
}

function quietness(quiet: readonly Cycle[], { cycles }: Report): string {
  const percent = Math.max(...quiet.map(({ others }) => others)).toFixed(1);
  return `${quiet.length} of ${cycles.length} cycles count; in those others took ${percent} % of the proxies' core at most.`;
}

async function askAtRate({ children }: Setting, plan: Plan): Promise<Report> {
  // A large young generation: the client is not to collect garbage while it measures.
  const flags = ['--max-semi-space-size=64', '--min-semi-space-size=64', CLIENT, JSON.stringify(plan)];
  const report: Report = JSON.parse(await children.finish('client', LOAD_CORE, process.execPath, flags));
  return report;
}

function latencyTable([direct, ...peers]: readonly Target[]): string {
  const base = direct?.cycles ?? [];
  const all = base.flat();
  const rows = peers.map(({ name, cycles }) => {
    const pooled = cycles.flat();
    const byCycle = cycles.map((latencies, cycle) => quantile(latencies, 0.99) - quantile(base[cycle] ?? [], 0.99));
    const added = [0.5, 0.99, 0.999].map((q) => (quantile(pooled, q) - quantile(all, q)).toFixed(3));
    return [name, ...added, spread(byCycle, 3), quantile(pooled, 1).toFixed(2)];
  });
  const own = [0.5, 0.99, 0.999].map((q) => quantile(all, q).toFixed(3));
  const head = ['Added, ms', 'p50', 'p99', 'p99.9', 'p99 by turn', 'greatest, whole'];
  return table(head, [['(direct, whole)', ...own, '-', quantile(all, 1).toFixed(2)], ...rows]);
}

/** The difference of the two is taken within each cycle, because the host's own pauses come and go. */
function p99Target(targets: readonly Target[]): readonly TargetRow[] {
  const [headgate, nginx] = ['headgate', 'nginx'].map((wanted) => targets.find(({ name }) => name === wanted));
  if (headgate === undefined || nginx === undefined) return [];
  const more = headgate.cycles.map(
    (latencies, cycle) => quantile(latencies, 0.99) - quantile(nginx.cycles[cycle] ?? [], 0.99),
  );
  return [
    {
      what: 'Added p99 at 1,000 requests/s',
      toBeat: `at most nginx's + ${ALLOWANCE} ms`,
      measured: `${spread(more, 2)} ms more than nginx's`,
      met: median(more) <= ALLOWANCE,
    },
  ];
}

function description({ connections, rate, turnMs, warmUpMs, cycles }: Plan): string {
  const counted = ((turnMs - warmUpMs) * cycles) / 1000;
  return `${connections} connections, ${rate} requests/s in all, sent when they are due whether or not the answers before are there; targets take turns of ${(turnMs - warmUpMs) / 1000} s, ${counted} s each in all that others do not disturb, or twice as long. Headgate's metrics are scraped every 5 s. What a proxy adds to a quantile is the quantile of all requests less that of the direct connection.`;
}

function inMs(milliseconds: number): string {
  return `${milliseconds.toFixed(2)} ms`;
}
