import { collectDefaultMetrics, Registry } from 'prom-client';
import t, { type Test } from 'tap';
import { RuntimeMetrics } from '../../src/telemetry/runtime-metrics.ts';
import { TextWriter } from '../../src/telemetry/text-writer.ts';

async function textOf(metrics: RuntimeMetrics): Promise<string> {
  const writer = new TextWriter();
  await metrics.write(writer);
  return Buffer.concat(writer.finish()).toString();
}

/** What Prometheus and people who know prom-client go by: `# HELP` and `# TYPE` of each metric, and its labels. */
function outline(text: string): string[] {
  const heads = text.match(/^# .*$/gm) ?? [];
  const labels = [...text.matchAll(/^(\w+)\{(.*)\} /gm)].map(
    ([, name = '', list = '']) =>
      `${name} ${[...list.matchAll(/(\w+)="/g)]
        .map(([, label = '']) => label)
        .sort()
        .join()}`,
  );
  return [...new Set([...heads, ...labels])].sort();
}

/** Gauges named `_total`, which break the naming rules, and what comes from functions of Node.js that are not documented. */
const LEFT_OUT = /\bnodejs_active_(handles|requests|\w+_total)\b/;

async function promClient(t: Test): Promise<string> {
  const register = new Registry();
  collectDefaultMetrics({ register });
  t.teardown(() => register.clear());
  await collected();
  return register.metrics();
}

/** After collections of garbage, of which observers hear in a later turn. */
async function collected(): Promise<void> {
  let junk: object[] = [];
  for (let i = 0; i < 3_000_000; i += 1) {
    junk.push({ i });
    if (i % 1_000 === 0) junk = [];
  }
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
}

t.test(
  'what is told of the process and of Node.js has the names, types, words and labels of prom-client',
  async (t) => {
    const ours = new RuntimeMetrics();
    const theirs = outline(await promClient(t)).filter((line) => !LEFT_OUT.test(line));
    t.same(outline(await textOf(ours)), theirs);
  },
);

t.test('every collection of garbage is counted, in the buckets of its duration', async (t) => {
  const metrics = new RuntimeMetrics();
  const lines = async () =>
    [
      ...(await textOf(metrics)).matchAll(/^nodejs_gc_duration_seconds_(\w+)\{(?:le=".*",)?kind="minor"\} (\S+)$/gm),
    ].map(([, what, value]) => ({ what, value: Number(value) }));
  await collected();
  const found = await lines();
  const buckets = found.filter(({ what }) => what === 'bucket').map(({ value }) => value);
  const count = found.find(({ what }) => what === 'count')?.value;
  t.ok(count !== undefined && count > 0);
  t.equal(buckets.at(-1), count);
  t.same(
    buckets,
    buckets.toSorted((a, b) => a - b),
  );
  t.ok((found.find(({ what }) => what === 'sum')?.value ?? 0) > 0);
});

t.test('the least lag is no number that nobody measured, right after the start', async (t) => {
  const text = await textOf(new RuntimeMetrics());
  t.match(text, /^nodejs_eventloop_lag_min_seconds 0$/m);
});
