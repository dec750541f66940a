import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { now } from '../load/clock.ts';
import { Convergence } from './convergence.ts';
import { showsSplit } from './shows-split.ts';
import { splitOf } from './split.ts';

/** The answer of `/api/table` with these weights at the route `shop`. */
function view(weights: Readonly<Record<string, number>>, workers = [7, 7]) {
  return {
    generation: 7,
    workers: workers.map((generation, worker) => ({ worker, generation })),
    routes: [
      { name: 'other', versions: [] },
      {
        name: 'shop',
        versions: Object.entries(weights).map(([hash, weight]) => ({ key: `ns/shop/${hash}`, name: hash, weight })),
      },
    ],
  };
}

/** A replica whose table can be set. It ends with the test. */
async function replica(t: Test) {
  const state = { table: view({ abc: 100 }), asked: 0 };
  const server = createServer((_request, response) => {
    state.asked += 1;
    response.end(JSON.stringify(state.table));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { state, admin: `http://127.0.0.1:${port}` };
}

t.test('the split of a Rollout is what its status says of stable, canary and experiments', async (t) => {
  const weights = {
    stable: { podTemplateHash: 'abc', serviceName: 's', weight: 85 },
    canary: { podTemplateHash: 'def', serviceName: 'c', weight: 5 },
    additional: [
      { podTemplateHash: 'e1', serviceName: 'x', weight: 5 },
      { podTemplateHash: 'e2', weight: 5 },
      { podTemplateHash: '', serviceName: '', weight: 5 },
    ],
  };
  t.same(splitOf({ status: { canary: { weights } } }), { abc: 85, def: 5, e1: 5, e2: 5 });
});

t.test('a Rollout that is all on one version has it once', async (t) => {
  const weights = { stable: { podTemplateHash: 'abc', weight: 100 }, canary: { podTemplateHash: 'abc', weight: 0 } };
  t.same(splitOf({ status: { canary: { weights } } }), { abc: 100 });
});

t.test('a Rollout without published weights has no split', async (t) => {
  for (const rollout of [null, {}, { status: {} }, { status: { canary: { weights: null } } }]) {
    t.equal(splitOf(rollout), null);
  }
});

t.test('a table shows a split when the weights are in its proportion and every worker applies it', async (t) => {
  const asked = { abc: 75, def: 25 };
  t.equal(showsSplit(view({ abc: 75, def: 25 }), 'shop', asked), true);
  t.equal(showsSplit(view({ abc: 3, def: 1, old: 0 }), 'shop', { ...asked, none: 0 }), true);
  t.equal(showsSplit(view({ abc: 90, def: 10 }), 'shop', asked), false);
  t.equal(showsSplit(view({ abc: 75, def: 25, old: 1 }), 'shop', asked), false);
  t.equal(showsSplit(view({ abc: 75, xdef: 25 }), 'shop', asked), false);
  t.equal(showsSplit(view({ abc: 75, def: 25 }, [7, 6]), 'shop', asked), false);
  t.equal(showsSplit(view({ abc: 75, def: 25 }), 'nowhere', asked), false);
  t.equal(showsSplit({ error: 'no table' }, 'shop', asked), false);
});

t.test('a version may be named by its key', async (t) => {
  t.equal(showsSplit(view({ abc: 75, def: 25 }), 'shop', { 'ns/shop/abc': 3, def: 1 }), true);
});

t.test('each replica is timed from the event until its table shows the split', async (t) => {
  const [one, two] = [await replica(t), await replica(t)];
  const convergence = new Convergence({ route: 'shop', admins: () => [one.admin, two.admin] });
  convergence.expect({ abc: 100 }, now());
  const arrivedAt = now();
  convergence.expect({ abc: 75, def: 25 }, arrivedAt);
  one.state.table = view({ abc: 75, def: 25 });
  await sleep(60);
  const changedAt = now();
  two.state.table = view({ abc: 75, def: 25 });
  await convergence.stop();
  const time = (admin: string) => convergence.samples.find((sample) => sample.admin === admin)?.ms ?? Number.NaN;
  t.equal(convergence.samples.length, 2);
  t.ok(time(two.admin) >= changedAt - arrivedAt);
  t.ok(time(one.admin) < time(two.admin));
  t.same(convergence.missing, []);
});

t.test('the first split, none, and the same again start no measurement', async (t) => {
  const { state, admin } = await replica(t);
  const convergence = new Convergence({ route: 'shop', admins: () => [admin] });
  for (const split of [null, { abc: 100 }, { abc: 100, def: 0 }, null]) convergence.expect(split, now());
  await convergence.stop();
  t.equal(state.asked, 0);
  t.same(convergence.samples, []);
});

t.test('a table is not asked for any more once it has shown the split', async (t) => {
  const { state, admin } = await replica(t);
  const convergence = new Convergence({ route: 'shop', admins: () => [admin] });
  convergence.expect({ def: 100 }, now());
  convergence.expect({ abc: 100 }, now());
  await convergence.stop();
  const { asked } = state;
  await sleep(30);
  t.equal(asked, 1);
  t.equal(state.asked, 1);
});

t.test('a split that does not come is missing, and one that is overtaken is counted', async (t) => {
  const { state, admin } = await replica(t);
  const convergence = new Convergence({ route: 'shop', admins: () => [admin], limitMs: 300 });
  convergence.expect({ abc: 100 }, now());
  convergence.expect({ abc: 90, def: 10 }, now());
  await sleep(5);
  convergence.expect({ abc: 75, def: 25 }, now());
  await convergence.stop();
  t.ok(state.asked > 1);
  t.equal(convergence.superseded, 1);
  t.match(convergence.missing, [/the split \{"abc":75,"def":25\} was not seen within 300 ms/]);
});

t.test('a replica that is silent is missing, one that is not ready any more is not', async (t) => {
  const { admin } = await replica(t);
  const admins = new Set(['http://127.0.0.1:1', admin]);
  const convergence = new Convergence({ route: 'shop', admins: () => [...admins], limitMs: 300 });
  convergence.expect({ abc: 100 }, now());
  convergence.expect({ abc: 50, def: 50 }, now());
  admins.delete(admin);
  await convergence.stop();
  t.match(convergence.missing, [/127\.0\.0\.1:1: .*ECONNREFUSED/]);
});
