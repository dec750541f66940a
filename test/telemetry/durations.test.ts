import t, { type Test } from 'tap';
import type { Clock } from '../../src/proxy/data-plane.ts';
import { sum } from '../../src/telemetry/blocks.ts';
import { DURATION_BOUNDS, DURATION_BUCKETS, DURATION_SUM } from '../../src/telemetry/layout.ts';
import { binQuantile, readCounts } from '../../src/telemetry/reading.ts';
import { TestPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { staticTable } from '../lib/static-table.ts';
import { testSettings } from '../lib/test-settings.ts';
import { strictUpstream } from '../lib/upstreams.ts';

const REQUESTS = 40;
/** Rounds by the real clock that may fail: it runs on while the machine does something else. */
const ROUNDS = 6;

/** A plane with this clock before an upstream that answers when `answer` is called, after the milliseconds of the target. */
async function scene(t: Test, clock: Clock, later: (ms: number, answer: () => void) => void) {
  const upstream = await strictUpstream(t, (response, { target }) =>
    later(Number(target.slice(1)), () => response.end()),
  );
  const plane = new TestPlane(testSettings(), clock);
  t.teardown(() => plane.plane.destroy());
  const { table, endpoints } = staticTable({ only: { ports: [upstream.port] } });
  plane.apply(table, endpoints);
  await plane.listen('127.0.0.1');
  /** Resolves with the milliseconds that a client has measured by the clock. */
  const ask = async (ms: number): Promise<number> => {
    const client = await rawClient(t, plane.port);
    const begun = clock.now();
    client.send(`GET /${ms} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await client.readFinal();
    return clock.now() - begun;
  };
  const series = () => {
    const [counted] = plane.series();
    if (counted === undefined) throw new Error('no series');
    return counted;
  };
  return { ask, series, upstream };
}

t.test(
  'the quantiles of the bins are those of what clients have measured, to 1.1 %; sum and count are theirs',
  async (t) => {
    let now = 1_000;
    const waiting: { readonly at: number; readonly answer: () => void }[] = [];
    const { ask, series } = await scene(t, { now: () => now }, (ms, answer) => waiting.push({ at: now + ms, answer }));
    const measured: number[] = [];
    for (let i = 0; i < REQUESTS; i += 1) {
      // From a tenth of a millisecond to half a minute.
      const asked = ask(0.1 * 1.37 ** i);
      while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
      const next = waiting.pop();
      now = next?.at ?? now;
      next?.answer();
      measured.push((await asked) / 1000);
    }
    const counted = series();
    const { bins } = readCounts(counted);
    const buckets = Array.from({ length: DURATION_BOUNDS.length + 1 }, (_, i) => sum(counted, DURATION_BUCKETS + i));
    t.equal(
      buckets.reduce((total, count) => total + count),
      REQUESTS,
      'each is in one bucket',
    );
    t.equal(
      bins.reduce((total, count) => total + count),
      REQUESTS,
      'and in one bin',
    );
    const total = measured.reduce((all, one) => all + one);
    t.ok(Math.abs(sum(counted, DURATION_SUM) / total - 1) < 1e-9, `${sum(counted, DURATION_SUM)} of ${total} s`);
    for (const [i, one] of measured.entries()) {
      const found = binQuantile(bins, (i + 0.5) / REQUESTS);
      t.ok(Math.abs(found / one - 1) < 0.011, `${found} for ${one} s`);
    }
  },
);

t.test("the sum of durations agrees with the clients' own clock to 2 %", async (t) => {
  const { ask, series } = await scene(t, performance, (ms, answer) => setTimeout(answer, ms));
  const errors: number[] = [];
  let before = 0;
  while (errors.length < ROUNDS && !((errors.at(-1) ?? 1) < 0.02)) {
    const measured = await Promise.all([700, 800, 900].map(ask));
    const after = sum(series(), DURATION_SUM);
    errors.push(Math.abs((after - before) / (measured.reduce((all, one) => all + one) / 1000) - 1));
    before = after;
  }
  t.ok((errors.at(-1) ?? 1) < 0.02, errors.join(' '));
});
