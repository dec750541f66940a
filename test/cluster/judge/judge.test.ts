import t from 'tap';
import { failureOf, judgeFailures } from './failures.ts';
import { judgeHeaders } from './headers.ts';
import { judge } from './judge.ts';
import { record, records } from './records.ts';
import { judgeShares } from './shares.ts';
import { judgeUsablePods } from './usable-pods.ts';

const WINDOW = { name: '25 %', from: 1000, until: 10_000 };
const QUARTER = { window: WINDOW, streams: ['plain'], weights: { abc: 75, def: 25 } };

t.test('a request has failed without a 2xx, its own id, a Pod and its body', async (t) => {
  t.equal(failureOf(record()), null);
  t.equal(failureOf(record({ status: 204 })), null);
  t.equal(failureOf(record({ status: 301 })), 'status 301');
  t.equal(failureOf(record({ status: 503, pod: null, echoed: null })), 'status 503');
  t.equal(failureOf(record({ status: null, error: 'cut' })), 'cut');
  t.equal(failureOf(record({ echoed: 'other' })), 'the answer to other');
  t.equal(failureOf(record({ echoed: null })), 'the answer has no request id');
  t.equal(failureOf(record({ pod: null })), 'no Pod has answered');
  t.equal(failureOf(record({ bodyIntact: false })), 'the body was damaged');
});

t.test(
  'what a version answers wrongly on purpose is counted apart; whatever else goes wrong with it is a failure',
  async (t) => {
    const bad = { status: 500, version: 'v2-errors-10' };
    const seen = [
      record(bad),
      record({ ...bad, status: 502 }),
      record({ ...bad, echoed: 'other' }),
      record({ status: 500 }),
    ];
    const { row, findings } = judge({ scenario: 'errors', records: seen, faulty: ['v2-errors-10'] });
    t.equal(row.faults, 1);
    t.equal(row.failed, 3);
    t.equal(findings.length, 2);
  },
);

t.test('failures are told by kind, with their number and examples', async (t) => {
  const failed = [record({ status: 503 }), record({ status: 503 }), record({ status: 502, id: 'x-7' })];
  const findings = judgeFailures([...records(7, 2), ...failed]);
  t.equal(findings.length, 2);
  t.match(findings[0]?.message, /^2 of 10 requests failed: status 503 .*; status 503/);
  t.match(findings[1]?.message, /^1 of 10 requests failed: status 502 \(GET x-7 by 10\.0\.0\.1:8080/);
});

t.test('no request at all is no proof', async (t) => {
  t.match(judgeFailures([]), [{ message: 'no request was sent' }]);
  t.match(judgeShares([], [QUARTER], 0).findings, [{ message: '25 %: no request in this window' }]);
  const header = { window: WINDOW, stream: 'header', hash: 'def' };
  t.match(judgeHeaders(records(50, 4), [header]).findings, [{ message: /stream header: no request/ }]);
});

t.test('a share within the accepted counts passes, one count beyond does not', async (t) => {
  // Of 100 at 25 %, integer arithmetic accepts 12 to 40.
  const of = (canary: number) =>
    Array.from({ length: 100 }, (_, index) =>
      record({ scheduledAt: 2000 + index, hash: index < canary ? 'def' : 'abc' }),
    );
  for (const canary of [12, 25, 40]) t.same(judgeShares(of(canary), [QUARTER], 0).findings, [], `${canary}`);
  for (const canary of [11, 41]) t.equal(judgeShares(of(canary), [QUARTER], 0).findings.length, 2, `${canary}`);
  t.match(judgeShares(of(41), [QUARTER], 0).findings[1]?.message, '25 %: def got 41 of 100, not 12 to 40 (25 %)');
});

t.test('0 and 100 % are exact, and a version that is not named has none', async (t) => {
  const demand = { ...QUARTER, weights: { abc: 100, def: 0 } };
  const clean = records(200, 1000);
  t.same(judgeShares(clean, [demand], 0).findings, []);
  t.equal(judgeShares([...clean, record({ scheduledAt: 1500, hash: 'def' })], [demand], 0).findings.length, 2);
  const stranger = judgeShares([...clean, record({ scheduledAt: 1500, hash: 'old' })], [demand], 0);
  t.match(stranger.findings[1]?.message, 'old got 1 of 201, not 0 to 0');
});

t.test('three versions are judged each, and requests of other streams are not', async (t) => {
  const hashes = ['abc', 'p1', 'p2'];
  const three = Array.from({ length: 300 }, (_, index) =>
    record({ scheduledAt: 1000 + index, hash: hashes[index % 3] ?? null }),
  );
  const demand = { ...QUARTER, weights: { abc: 1, p1: 1, p2: 1 } };
  const other = records(100, 1).map((request) => ({ ...request, stream: 'header' }));
  const { findings, shares } = judgeShares([...three, ...other], [demand], 0);
  t.same(findings, []);
  t.same(
    shares.map(({ hash, count, requests }) => [hash, count, requests]),
    hashes.map((hash) => [hash, 100, 300]),
  );
});

t.test('what is sent while a change settles, or ends after the window, belongs to no window', async (t) => {
  const demand = { ...QUARTER, weights: { abc: 1 } };
  const early = record({ scheduledAt: 1499, hash: 'def' });
  const late = record({ scheduledAt: 9998, hash: 'def' });
  t.same(judgeShares([early, ...records(100, 1000, 1500), late], [demand], 500).findings, []);
  t.not(judgeShares([early, ...records(100, 1000, 1500)], [demand], 498).findings.length, 0);
});

t.test('weights that add up to nothing are a mistake of the scenario', async (t) => {
  t.throws(() => judgeShares(records(10, 2), [{ ...QUARTER, weights: {} }], 0), RangeError);
});

t.test('a header request on another version is a miss unless a change is near', async (t) => {
  const demand = { window: WINDOW, stream: 'plain', hash: 'def' };
  const on = (scheduledAt: number, hash: string) => record({ scheduledAt, hash });
  const near = [on(1199, 'abc'), on(9800, 'abc')];
  t.same(judgeHeaders([...near, on(5000, 'def')], [demand]), { findings: [], misses: 0 });
  const { findings, misses } = judgeHeaders([on(1300, 'abc'), on(5000, 'def')], [demand]);
  t.equal(misses, 1);
  t.match(findings[0]?.message, /1 of 2 requests were not on def; .* sent 300 ms after its begin, was on abc/);
});

t.test('a Pod may receive requests within 200 ms of its usable times, and at no other', async (t) => {
  const intervals = [
    { pod: 'a', hash: 'abc', usableFrom: 1000, unusableAt: 2000 },
    { pod: 'a', hash: 'abc', usableFrom: 5000, unusableAt: null },
  ];
  const at = (...times: (number | null)[]) => times.map((receivedAt) => record({ pod: 'a', receivedAt }));
  t.same(judgeUsablePods(at(800, 1500, 2200, 4800, 1e9), intervals), { findings: [], late: 0 });
  t.equal(judgeUsablePods(at(799), intervals).late, 1);
  const { findings, late } = judgeUsablePods(at(1500, 2201, 2350), intervals);
  t.equal(late, 2);
  t.match(findings, [{ message: /^a received 2 requests up to 350 ms outside its usable time/ }]);
});

t.test('a Pod that was never usable, or does not say when it received a request, is a finding', async (t) => {
  const { findings, late } = judgeUsablePods(
    [record({ pod: 'ghost' }), record({ pod: 'a', receivedAt: null })],
    [{ pod: 'a', hash: 'abc', usableFrom: 0, unusableAt: null }],
  );
  t.equal(late, 2);
  t.match(findings, [{ message: /^ghost .* was never usable/ }, { message: /^a .* without saying when/ }]);
});

t.test('a case that meets every demand has no finding and a row of figures', async (t) => {
  const header = Array.from({ length: 20 }, (_, i) => record({ scheduledAt: 2000 + i, stream: 'header', hash: 'def' }));
  const { findings, row, shares } = judge({
    scenario: 'canary',
    records: [...records(400, 4), ...header, record({ scheduledAt: 1000, attempts: 2 })],
    shares: [QUARTER],
    headers: [{ window: WINDOW, stream: 'header', hash: 'def' }],
    pods: [{ pod: 'shop-abc-1', hash: 'abc', usableFrom: 0, unusableAt: null }],
    convergence: {
      samples: [30, 10, 20].map((ms) => ({ admin: 'http://10.0.0.1:8081', expected: {}, arrivedAt: 0, ms })),
      missing: [],
      superseded: 0,
    },
  });
  t.same(findings, []);
  t.match(row, { scenario: 'canary', requests: 421, failed: 0, repeated: 1, headerMisses: 0, late: 0, splits: 3 });
  t.match(row, { convergenceMedian: 20, convergenceP95: 30, convergenceMax: 30, latencyP50: 5, latencyP99: 5 });
  // What was sent in the first 500 ms is not judged.
  t.match(row.worstShare, { window: '25 %', requests: 350 });
  t.equal(shares.length, 2);
});

t.test('a surprise and a split that was never seen are findings', async (t) => {
  const { findings } = judge({
    scenario: 'canary',
    records: records(10, 2),
    surprises: ['7 bytes on an idle connection'],
    convergence: { samples: [], missing: ['the split was not seen'], superseded: 0 },
  });
  t.match(findings, [{ demand: 'no failure' }, { demand: 'convergence', message: 'the split was not seen' }]);
});
