import { startAdmin } from '../../../src/admin/server.ts';
import { SeriesRegistry, WorkerCounters } from '../../../src/telemetry/counters.ts';
import { Exposition } from '../../../src/telemetry/exposition.ts';
import { seriesKey } from '../../../src/telemetry/keys.ts';
import { recordOutcome } from '../../../src/telemetry/record.ts';
import { STATE } from '../../admin/admin-state.ts';
import { processState } from '../../lib/process-state.ts';
import { route, table, version } from '../../telemetry/tables.ts';
import { App } from '../lib/app.ts';
import { Prometheus } from '../lib/prometheus.ts';
import { Requests } from '../lib/requests.ts';
import type { Context, Scenario } from '../lib/scenario.ts';
import { Web } from '../lib/web.ts';

/** Versions whose durations are known to the last one. */
const VERSIONS = ['spread', 'constant', 'idle'] as const;
const OBSERVATIONS = 20_000;
/** Of a bucket of schema 4: 2^(1/16). */
const BUCKET_WIDTH = 0.0443;
const METRIC = 'headgate_request_duration_seconds';

/** A Prometheus that takes native histograms gets them by protobuf, with everything else that the text has. */
export const scenario: Scenario = { name: 'native-histograms', run };

async function run(context: Context): Promise<void> {
  const known = await startKnown();
  const [stable, canary] = [await App.start('stable'), await App.start('canary')];
  const web = await Web.start(context, {
    stable: '6459f554f9',
    canary: '7c9d8b6f54',
    weight: 50,
    apps: { '6459f554f9': stable, '7c9d8b6f54': canary },
  });
  const targets = { known: [known.target], headgate: [web.target] };
  const native = await Prometheus.start(context, { targets, features: ['native-histograms'] });
  const text = await Prometheus.start(context, { targets });
  await Promise.all([native.scraped(2), text.scraped(2)]);
  const durations = known.record();
  const requests = new Requests(web.headgate.port, 50);
  await native.scraped(3);
  await requests.stop();
  await Promise.all([native.scraped(2), text.scraped(2)]);

  await quantiles(context, native, durations);
  await counts(context, native, { durations, requests });
  await sameAsText(context, native, text);
  await Promise.all([stable.close(), canary.close(), known.close()]);
}

async function quantiles({ say, check }: Context, native: Prometheus, durations: Float64Array): Promise<void> {
  for (const q of [0.5, 0.9, 0.95, 0.99]) {
    const truth = durations[Math.ceil(q * OBSERVATIONS) - 1] ?? Number.NaN;
    const own = await native.value(`histogram_quantile(${q}, rate(${METRIC}{version="spread"}[1m]))`);
    const classic = await native.value(
      `histogram_quantile(${q}, rate(http_request_duration_seconds_bucket{version="spread"}[1m]))`,
    );
    const error = Math.abs((own ?? Number.NaN) / truth - 1);
    const classicError = Math.abs((classic ?? Number.NaN) / truth - 1);
    say(
      `quantile ${q}: ${ms(truth)}; native ${ms(own)} (${percent(error)}), classic ${ms(classic)} (${percent(classicError)})`,
    );
    check(`quantile ${q} of the native histogram is within 1.1 %`, error < 0.011, percent(error));
    check(`quantile ${q} of the classic one is there beside it, by the alias`, classicError < 1, percent(classicError));
  }
  const constant = await native.value(`histogram_quantile(0.5, rate(${METRIC}{version="constant"}[1m]))`);
  const error = Math.abs((constant ?? Number.NaN) / 0.1 - 1);
  check('where all take 100 ms, the median is right to the width of a bucket', error < BUCKET_WIDTH, percent(error));
  const idle = await native.value(`histogram_quantile(0.5, rate(${METRIC}{version="idle"}[1m]))`);
  check('a version without a request is there, and its quantile is no number', Number.isNaN(idle), String(idle));
}

async function counts(
  { check }: Context,
  native: Prometheus,
  { durations, requests }: { durations: Float64Array; requests: Requests },
): Promise<void> {
  const counted = await native.value(`histogram_count(${METRIC}{version="spread"})`);
  check('the count is exact', counted === OBSERVATIONS, `${counted}`);
  const total = durations.reduce((sum, one) => sum + one, 0);
  const summed = await native.value(`histogram_sum(${METRIC}{version="spread"})`);
  check('the sum is exact', Math.abs((summed ?? 0) / total - 1) < 1e-9, `${summed}, not ${total}`);
  const served = await native.value(`sum(histogram_count(${METRIC}{job="headgate"}))`);
  check(
    "the histograms of Headgate's versions count what the client counted",
    served === requests.count,
    `${served}, not ${requests.count}`,
  );
  const [p99, slowest] = [
    await native.value(`histogram_quantile(0.99, sum(rate(${METRIC}{job="headgate"}[1m])))`),
    await native.value(`histogram_quantile(1, sum(rate(${METRIC}{job="headgate"}[1m])))`),
  ];
  const plausible = p99 !== null && slowest !== null && p99 > 0 && p99 <= slowest && slowest < 5;
  check('versions with different buckets are summed', plausible, `${p99} of ${slowest}`);
}

/**
 * Every name and label set but the histogram's own, which a Prometheus that takes the native one stores as one series. With
 * protobuf it writes `le="1.0"` where text has `le="1"`. Kinds of garbage collection and of what is open appear as they come, so that one
 * Prometheus may have scraped before one, and the other after it.
 */
async function sameAsText({ check }: Context, native: Prometheus, text: Prometheus): Promise<void> {
  const query = `count by (__name__, job) ({job!="", __name__!~"${METRIC}(_.*)?|nodejs_(gc|active)_.*"})`;
  const [ours, theirs] = [await series(native, query), await series(text, query)];
  check('protobuf gives every series that text gives', ours === theirs, `${ours}\n${theirs}`);
  check('and these are many', theirs.split('\n').length > 60, theirs);
  const values =
    'sum by (__name__, version, status, outcome, le) ({__name__=~"(headgate|http)_.*(total|bucket|sum|count|weight)", job="known"})';
  const [mine, other] = [await series(native, values), await series(text, values)];
  const odd = mine.split('\n').filter((line) => !other.includes(line));
  check('with the same values', mine === other && mine !== '', odd.join('\n'));
  const buckets = await text.value(`count(${METRIC}_bucket{job="known"})`);
  check('the Prometheus without native histograms has the classic one', buckets === VERSIONS.length * 15, `${buckets}`);
}

async function series(prometheus: Prometheus, query: string): Promise<string> {
  const found = await prometheus.query(query);
  return found
    .filter(({ labels }) => !labels['__name__']?.startsWith(METRIC))
    .map(
      ({ labels, value }) =>
        `${JSON.stringify(Object.entries(labels).sort()).replace(/("le","\d+)\.0"/, '$1"')} ${value}`,
    )
    .sort()
    .join('\n');
}

/** Metrics of Headgate's own making, on a port, of requests that were never made. */
async function startKnown() {
  const versions = VERSIONS.map((name) => version(`shop/web/${name}`));
  const current = table(route('web', versions));
  const registry = new SeriesRegistry({ workers: 2, now: () => 0 });
  const workers = registry.update(current).map((patch) => new WorkerCounters(patch));
  const exposition = new Exposition({
    registry,
    prefix: 'headgate_',
    httpAlias: true,
    version: '0.0.0',
    state: () => processState({ table: current }),
  });
  const admin = await startAdmin({
    listen: { address: '127.0.0.1', port: 0 },
    state: { ...STATE, metrics: (format) => exposition.scrape(format) },
  });
  return {
    target: `127.0.0.1:${admin.port}`,
    close: () => admin.close(),
    /** Ascending, in seconds, of the version `spread`: most near 80 ms, some of a second. */
    record(): Float64Array {
      const durations = new Float64Array(OBSERVATIONS);
      for (let i = 0; i < OBSERVATIONS; i += 1)
        durations[i] = 0.08 * Math.exp(0.7 * logisticQuantile((i + 0.5) / OBSERVATIONS));
      for (const [index, seconds] of durations.entries()) {
        const worker = workers[index % workers.length];
        if (worker === undefined) throw new Error('a worker');
        recordOutcome(worker.series(seriesKey('web', version('shop/web/spread'))), 200, seconds * 1000);
        recordOutcome(worker.series(seriesKey('web', version('shop/web/constant'))), 200, 100);
      }
      return durations;
    },
  };
}

/** Of the logistic distribution, scaled to look like the normal one; its tail is a little heavier. */
function logisticQuantile(p: number): number {
  return Math.log(p / (1 - p)) / 1.702;
}

function ms(seconds: number | null): string {
  return `${((seconds ?? Number.NaN) * 1000).toFixed(1)} ms`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
