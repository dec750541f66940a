import t from 'tap';
import { sum } from '../../src/telemetry/blocks.ts';
import { DURATION_BOUNDS, DURATION_BUCKETS, DURATION_SUM } from '../../src/telemetry/layout.ts';
import { binQuantile, readCounts } from '../../src/telemetry/reading.ts';
import { TestPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { staticTable } from '../lib/static-table.ts';
import { testSettings } from '../lib/test-settings.ts';
import { strictUpstream } from '../lib/upstreams.ts';

const REQUESTS = 50;
/** Rounds that may fail: the clients' clock runs on while the machine does something else. */
const ROUNDS = 4;

t.test("durations agree with the clients' own clock: their sum to 2 %, their quantiles to 1.1 %", async (t) => {
  const upstream = await strictUpstream(t, (response, { target }) => {
    setTimeout(() => response.end(), Number(target.slice(1)));
  });
  const { table, endpoints } = staticTable({ only: { ports: [upstream.port] } });
  const errors: number[][] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const plane = new TestPlane(testSettings(), performance);
    plane.apply(table, endpoints);
    await plane.listen('127.0.0.1');
    // One after the other begins, so that no two wait for each other.
    const measured = await Promise.all(
      Array.from({ length: REQUESTS }, async (_, i) => {
        const client = await rawClient(t, plane.port);
        await new Promise((resolve) => setTimeout(resolve, i * 4));
        const begun = performance.now();
        client.send(`GET /${150 + ((i * 37) % REQUESTS) * 6} HTTP/1.1\r\nHost: a\r\n\r\n`);
        await client.readFinal();
        return (performance.now() - begun) / 1000;
      }),
    );
    const [counted] = plane.series();
    if (counted === undefined) throw new Error('no series');
    const { requests, bins } = readCounts(counted);
    t.equal(requests, REQUESTS);
    t.equal(
      [...DURATION_BOUNDS.keys(), DURATION_BOUNDS.length].reduce((n, i) => n + sum(counted, DURATION_BUCKETS + i), 0),
      REQUESTS,
      'each is in one bucket',
    );
    t.equal(
      bins.reduce((total, count) => total + count, 0),
      REQUESTS,
      'and in one bin',
    );
    plane.plane.destroy();
    measured.sort((a, b) => a - b);
    const total = measured.reduce((all, one) => all + one, 0);
    const quantiles = [5, 25, 40, 48].map(
      (rank) => binQuantile(bins, (rank - 0.5) / REQUESTS) / (measured[rank - 1] ?? 0),
    );
    errors.push([sum(counted, DURATION_SUM) / total, ...quantiles].map((ratio) => Math.abs(ratio - 1)));
    if (good(errors.at(-1))) break;
  }
  t.ok(errors.some(good), JSON.stringify(errors));
});

function good(errors: readonly number[] = []): boolean {
  const [ofSum = 1, ...ofQuantiles] = errors;
  return ofSum < 0.02 && ofQuantiles.every((error) => error < 0.011);
}
