import { createServer } from 'node:http';
import t, { type Test } from 'tap';
import { HeadgateDeployment } from './headgate-deployment.ts';
import { TableCheck } from './table-check.ts';

const STREAMS = [
  { name: 'plain', rate: 1, host: 'shop' },
  { name: 'tester', rate: 1, host: 'shop', headers: { 'x-canary': 'true' } },
];

const RULE = { header: 'x-canary', match: { kind: 'present' }, versions: ['shop/new'], reason: null, fallback: true };

const ROUTE = {
  name: 'shop',
  hosts: [],
  path: '/',
  versions: [
    { key: 'shop/old', name: 'old', role: 'stable', weight: 90, endpoints: ['10.0.0.1:80'], fallback: [] },
    { key: 'shop/new', name: 'new', role: 'canary', weight: 10, endpoints: ['10.0.0.2:80'], fallback: ['shop/old'] },
  ],
  rules: [RULE],
  experiments: null,
};

/** A Headgate with one replica, whose table this is; each look at it is counted. */
async function headgate(t: Test, generations: readonly number[], rules: readonly object[] = [RULE]) {
  let looks = 0;
  const server = createServer((_request, response) => {
    const generation = generations[Math.min(looks, generations.length - 1)];
    looks += 1;
    response.end(
      JSON.stringify({
        generation,
        workers: [{ worker: 0, generation: 7 }],
        routes: [{ ...ROUTE, rules }],
        problems: [],
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return new HeadgateDeployment({
    targets: [],
    admins: [`http://127.0.0.1:${port}`],
    onChange: () => undefined,
    pods: async () => [],
    close: () => undefined,
  });
}

t.test('a table that shows the split and where headers lead meets the demand', async (t) => {
  const check = new TableCheck(await headgate(t, [7]));
  await check.expect('10 %', STREAMS, { weights: { old: 90, new: 10 }, headers: { tester: 'new' } });
  t.same(check.findings, []);
});

t.test('it is waited for until every worker applies the table', async (t) => {
  const check = new TableCheck(await headgate(t, [6, 6, 7]));
  await check.expect('10 %', STREAMS, { weights: { old: 90, new: 10 } });
  t.same(check.findings, []);
});

t.test(
  'what a header decides is split evenly among the versions that it leads to, whatever their weights',
  async (t) => {
    const proxy = await headgate(t, [7], [{ ...RULE, versions: ['shop/old', 'shop/new'] }]);
    const check = new TableCheck(proxy, 50);
    await check.expect('both', STREAMS, { weights: { old: 1, new: 1 }, streams: ['tester'] });
    t.same(check.findings, []);
    await check.expect('by weight', STREAMS, { weights: { old: 90, new: 10 }, streams: ['tester'] });
    await check.expect('one', STREAMS, { weights: { new: 1 }, streams: ['tester'] });
    t.match(check.findings, [{ message: /^by weight: stream tester/ }, { message: /^one: stream tester/ }]);
  },
);

t.test('another split, and a header that leads elsewhere, are findings', async (t) => {
  const check = new TableCheck(await headgate(t, [7]), 50);
  await check.expect('25 %', STREAMS, { weights: { old: 75, new: 25 }, headers: { tester: 'old' } });
  t.match(check.findings, [
    { demand: 'table', message: /25 %: stream plain is not split/ },
    { demand: 'table', message: /25 %: stream tester goes to new, not to old/ },
  ]);
});
