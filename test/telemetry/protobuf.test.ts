import fc from 'fast-check';
import t from 'tap';
import { newBlock } from '../../src/telemetry/blocks.ts';
import { SeriesRegistry, WorkerCounters } from '../../src/telemetry/counters.ts';
import { durationBin, durationBinBound } from '../../src/telemetry/duration-bins.ts';
import { Exposition } from '../../src/telemetry/exposition.ts';
import { seriesKey } from '../../src/telemetry/keys.ts';
import { BLOCK_LENGTH, DURATION_BINS, DURATION_BUCKETS } from '../../src/telemetry/layout.ts';
import { nativeDurations } from '../../src/telemetry/native-histogram.ts';
import { ProtobufWriter } from '../../src/telemetry/protobuf-writer.ts';
import { add, enterFlight, recordAnswer, recordOutcome, recordUnrouted } from '../../src/telemetry/record.ts';
import { processState } from '../lib/process-state.ts';
import { type DecodedFamily, type DecodedHistogram, type DecodedMetric, decodeFamilies } from './metrics-proto.ts';
import { canaryRoute, route, table, version } from './tables.ts';

const STABLE_KEY = seriesKey('talana', version('shop/talana/5d8c'));
const CANARY_KEY = seriesKey('talana', version('shop/talana/7f9b', { role: 'canary' }));
const DURATION = 'headgate_request_duration_seconds';

function setUp({ routes = [canaryRoute()], httpAlias = false } = {}) {
  const current = table(...routes);
  const registry = new SeriesRegistry({ workers: 2, now: () => 0 });
  const [first, second] = registry.update(current).map((patch) => new WorkerCounters(patch));
  if (first === undefined || second === undefined) throw new Error('two workers');
  const exposition = new Exposition({
    registry,
    prefix: 'headgate_',
    httpAlias,
    version: '0.1.0',
    state: () =>
      processState({
        table: current,
        sourceLastEventSeconds: 1_700_000_000.5,
        sourceKind: 'files',
        certificates: new Map([['a "b" \\ ü', 1e15]]),
      }),
  });
  return { exposition, registry, first, second };
}

async function decoded(exposition: Exposition): Promise<DecodedFamily[]> {
  return decodeFamilies(Buffer.concat((await exposition.scrape('protobuf')).body));
}

async function durationsOf(exposition: Exposition, hash: string, name = DURATION): Promise<DecodedHistogram> {
  const family = (await decoded(exposition)).find((one) => one.name === name);
  const metric = family?.metric?.find(({ label }) => label?.some(({ value }) => value === hash));
  if (metric?.histogram === undefined) throw new Error(`no ${name} of ${hash}`);
  return metric.histogram;
}

/** Counts by the upper bound of their bucket in seconds, the zero bucket's among them. */
function contents(histogram: DecodedHistogram): Map<number, number> {
  const { schema = 0, zeroThreshold = 0, zeroCount = '0', positiveSpan = [], positiveDelta = [] } = histogram;
  const found = new Map([[zeroThreshold, Number(zeroCount)]]);
  let [index, count, next] = [0, 0, 0];
  for (const { offset, length } of positiveSpan) {
    index += offset;
    for (let i = 0; i < length; i++) {
      count += Number(positiveDelta[next]);
      next += 1;
      if (count !== 0) found.set(2 ** (index / 2 ** schema), count);
      index += 1;
    }
  }
  t.equal(next, positiveDelta.length, 'as many deltas as the spans are long');
  return found;
}

/** Lines as the text format would have them, but labels in the order of their names. */
function asLines(family: DecodedFamily): string[] {
  return (family.metric ?? []).flatMap((metric) => linesOf(family.name, metric));
}

function linesOf(name: string, { label = [], gauge, counter, histogram }: DecodedMetric): string[] {
  const labels = label.map((pair) => `${pair.name}=${JSON.stringify(pair.value)}`);
  const line = (suffix: string, value: string | number | undefined, ...more: string[]): string => {
    return `${name}${suffix} ${[...labels, ...more].sort().join()} ${value}`;
  };
  if (histogram === undefined) return [line('', (counter ?? gauge)?.value)];
  return [
    ...histogram.bucket.map((bucket) => line('_bucket', bucket.cumulativeCount, `le="${bucket.upperBound}"`)),
    line('_bucket', histogram.sampleCount, 'le="+Inf"'),
    line('_sum', histogram.sampleSum),
    line('_count', histogram.sampleCount),
  ];
}

function sortedText(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', labels = '', value = ''] = /^([^{ ]+)(?:\{(.*)\})? ([^ ]+)$/.exec(line) ?? [];
      return `${name} ${[...labels.matchAll(/\w+="(?:[^"\\]|\\.)*"/g)].map(String).sort().join()} ${value}`;
    });
}

/** What changes from scrape to scrape. */
const isOurs = (name: string): boolean => /^(headgate|http)_/.test(name);

t.test('protobuf says the same as text: families, types, samples and their order', async (t) => {
  const { exposition, first, second } = setUp({ httpAlias: true });
  for (const ms of [0, 0.01, 3, 250, 251, 31_000, 70_000]) recordOutcome(first.series(CANARY_KEY), 200, ms);
  recordOutcome(second.series(CANARY_KEY), 503, 4);
  recordAnswer(second.series(STABLE_KEY), 503);
  recordUnrouted(first.worker, 404);
  enterFlight(first.series(STABLE_KEY));
  const text = await exposition.text();
  const families = await decoded(exposition);
  const types = ['counter', 'gauge', 'summary', 'untyped', 'histogram'];
  t.same(
    families.map(({ name, type }) => `# TYPE ${name} ${types[type]}`),
    text.split('\n').filter((line) => line.startsWith('# TYPE')),
  );
  t.same(
    families.map(({ name, help }) => `# HELP ${name} ${help}`),
    text.split('\n').filter((line) => line.startsWith('# HELP')),
  );
  t.same(families.filter(({ name }) => isOurs(name)).flatMap(asLines), sortedText(text).filter(isOurs));
  t.ok(families.some(({ name }) => name === 'nodejs_gc_duration_seconds'));
});

t.test('the content type names the message and the encoding', async (t) => {
  const { contentType } = await setUp().exposition.scrape('protobuf');
  t.equal(contentType, 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited');
});

t.test('a family of thousands of samples, longer than one piece, is one message', async (t) => {
  const many = Array.from({ length: 700 }, (_, i) => route(`route-${i}`, [version(`shop/r-${i}/5d8c`)]));
  const { exposition } = setUp({ routes: many });
  const requests = (await decoded(exposition)).find(({ name }) => name === 'headgate_requests_total');
  t.equal(requests?.metric?.length, 700 * 6 + 9);
});

t.test('a version without a request has a native histogram, which is empty', async (t) => {
  const histogram = await durationsOf(setUp().exposition, '7f9b');
  t.match(histogram, { sampleCount: '0', sampleSum: 0, schema: 4, zeroThreshold: 2 ** -16, zeroCount: '0' });
  t.equal(histogram.positiveSpan, undefined);
  t.equal(histogram.bucket.length, 14);
});

t.test('each duration is in the one native bucket whose bounds hold it, over all workers', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.double({ min: 1e-6, max: 64, noNaN: true }), { maxLength: 60 }), async (seconds) => {
      const { exposition, first, second } = setUp();
      const expected = new Map<number, number>();
      let zero = 0;
      for (const [index, one] of seconds.entries()) {
        recordOutcome((index % 2 === 0 ? first : second).series(CANARY_KEY), 200, one * 1000);
        const recorded = (one * 1000) / 1000;
        const bound = 2 ** (Math.ceil(Math.log2(recorded) * 16) / 16);
        if (recorded <= 2 ** -16) zero += 1;
        else expected.set(bound, (expected.get(bound) ?? 0) + 1);
      }
      const histogram = await durationsOf(exposition, '7f9b');
      const found = contents(histogram);
      t.equal(found.get(2 ** -16), zero);
      found.delete(2 ** -16);
      t.same(found, expected);
      t.equal(histogram.sampleCount, String(seconds.length));
    }),
    { numRuns: 60, seed: 6 },
  );
});

t.test('a bound of each kind belongs to the bucket below it, the next number to the one above', async (t) => {
  const { exposition, first } = setUp();
  const series = first.series(CANARY_KEY);
  for (const exponent of [-15, -10, 0, 3, 6]) recordOutcome(series, 200, 1000 * 2 ** exponent);
  recordOutcome(series, 200, 1000 * 2 ** -16);
  recordOutcome(series, 200, 0);
  recordOutcome(series, 200, 1000 * 2 ** -16 * 1.0001);
  t.same(
    contents(await durationsOf(exposition, '7f9b')),
    new Map([
      [2 ** -16, 2],
      [2 ** (-255 / 16), 1],
      [2 ** -15, 1],
      [2 ** -10, 1],
      [1, 1],
      [8, 1],
      [64, 1],
    ]),
  );
});

t.test('what is longer than 64 s is in the bucket right above', async (t) => {
  const { exposition, first } = setUp();
  recordOutcome(first.series(CANARY_KEY), 200, 64_001);
  recordOutcome(first.series(CANARY_KEY), 200, 86_400_000);
  const histogram = await durationsOf(exposition, '7f9b');
  t.same([...contents(histogram)].at(-1), [2 ** (97 / 16), 2]);
  t.equal(histogram.sampleSum, 64.001 + 86_400);
});

t.test('every bin is looked at, whichever classic bucket its durations are in', async (t) => {
  for (let bin = 1; bin < 1408; bin += 1) {
    // Either end of the bin alone: it may reach over a bound of the classic histogram.
    const ends = [durationBinBound(bin - 1) * (1 + 1e-12), durationBinBound(bin) * (1 - 1e-12)];
    for (const seconds of ends) {
      const block = newBlock(BLOCK_LENGTH);
      if (durationBin(seconds) !== bin) t.fail(`${seconds} is not in bin ${bin}`);
      recordOutcome(block, 200, seconds * 1000);
      const { count } = nativeDurations({ labels: {}, blocks: [block] });
      if (count !== 1) t.fail(`${seconds} in bin ${bin}: ${count}`);
    }
  }
  t.pass('each was found');
});

t.test('two empty buckets are bridged, three begin a new span', async (t) => {
  const block = newBlock(BLOCK_LENGTH);
  for (const index of [0, 3, 7]) recordOutcome(block, 200, 1000 * 2 ** ((index - 0.5) / 16));
  const { spans, deltas, count } = nativeDurations({ labels: {}, blocks: [block] });
  t.same(
    { spans, deltas, count },
    {
      spans: [
        [0, 4],
        [3, 1],
      ],
      deltas: [1, -1, 0, 1, 0],
      count: 3,
    },
  );
});

t.test('counts beyond 32 bits stay exact, in spans too', async (t) => {
  const { exposition, first } = setUp();
  const series = first.series(CANARY_KEY);
  const many = 2 ** 40 + 1;
  recordOutcome(series, 200, 2);
  recordOutcome(series, 200, 600);
  add(series, DURATION_BUCKETS + 1, many);
  add(series, DURATION_BINS + durationBin(0.002), many);
  const histogram = await durationsOf(exposition, '7f9b');
  t.equal(histogram.sampleCount, String(many + 2));
  t.equal(histogram.bucket[1]?.cumulativeCount, String(many + 1));
  t.same(histogram.positiveDelta?.map(Number), [many + 1, -many]);
});

t.test('an observation that ended between the reading of buckets and bins leaves one count for both', async (t) => {
  const { exposition, first } = setUp();
  const series = first.series(CANARY_KEY);
  recordOutcome(series, 200, 2);
  // A worker is about to add to the bin.
  add(series, DURATION_BUCKETS + 1, 1);
  const histogram = await durationsOf(exposition, '7f9b');
  t.equal(histogram.sampleCount, '1');
  t.ok(histogram.bucket.every(({ cumulativeCount }) => Number(cumulativeCount) <= 1));
});

t.test('the alias has classic buckets only: its users ask for them', async (t) => {
  const { exposition, first } = setUp({ httpAlias: true });
  recordOutcome(first.series(CANARY_KEY), 200, 2);
  const histogram = await durationsOf(exposition, '7f9b', 'http_request_duration_seconds');
  t.equal(histogram.schema, undefined);
  t.equal(histogram.zeroThreshold, undefined);
  t.equal(histogram.sampleCount, '1');
});

t.test('infinite values and none are written as such', async (t) => {
  const out = new ProtobufWriter();
  out.begin({ name: 'a', help: '', type: 'gauge' });
  out.labels({});
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) out.value(value);
  out.end();
  const [family] = decodeFamilies(Buffer.concat(out.finish()));
  t.same(
    family?.metric?.map(({ gauge }) => gauge?.value),
    ['NaN', 'Infinity', '-Infinity'],
  );
});
