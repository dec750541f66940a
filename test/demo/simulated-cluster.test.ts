import { once } from 'node:events';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { request } from 'undici';
import { parseConfig } from '../../src/config/load.ts';
import { createControls } from '../../src/demo/controls.ts';
import { type DemoEvent, SimulatedCluster } from '../../src/demo/simulated-cluster.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { type Compiled, compile } from '../../src/routing/compile.ts';
import { startGateway } from '../control/gateway.ts';
import { startLoad } from '../control/load.ts';

const CONFIG = `source: { files: [.] }
routes:
  - rollout: talana-backend
    headers: [{ name: x-canary, exact: "true", to: canary }]
    experiments: { header: x-experiment, tokens: { token: demo-microservice-experiment } }
`;

/** Events as they come. */
class Events {
  readonly seen: DemoEvent[] = [];
  #wake: () => void = () => undefined;

  readonly take = (event: DemoEvent): void => {
    this.seen.push(event);
    this.#wake();
  };

  async nth(count: number): Promise<DemoEvent> {
    for (;;) {
      const event = this.seen[count - 1];
      if (event !== undefined) return event;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

const WALK = [10, 25, 50, 75, 100, 0];

t.test('two whole walks under load fail no request, and each version follows the other', async (t) => {
  const events = new Events();
  const gateway = await startGateway(t, CONFIG, new SimulatedCluster({ firstMs: 150, eachMs: 150 }, events.take));
  const load = startLoad(t, gateway.port);
  const byHeader = startLoad(t, gateway.port, { clients: 1, headers: { 'x-canary': 'true' } });
  const experiment = startLoad(t, gateway.port, { clients: 1, headers: { 'x-experiment': 'token' } });
  await load.more(20);
  // The cluster does not wait for the gateway: the walks that count are those that begin under load.
  const before = Math.floor(events.seen.length / WALK.length) + 1;
  await events.nth((before + 2) * WALK.length);
  await Promise.all([load, byHeader, experiment].map((each) => each.more(20)));
  await Promise.all([load, byHeader, experiment].map((each) => each.stop()));
  t.strictSame([...load.failures, ...byHeader.failures, ...experiment.failures], []);
  const walks = events.seen.slice(before * WALK.length, (before + 2) * WALK.length);
  t.strictSame(
    walks.map(({ weight }) => weight),
    [...WALK, ...WALK],
  );
  const app = (patch: number) => `talana-backend v1.0.${patch + before}`;
  const [first, second, third] = [app(2), app(3), app(4)];
  t.match(walks[0], { stable: first, canary: second });
  t.match(walks[WALK.length], { stable: second, canary: third });
  const versions = (bodies: Record<string, number>) => new Set(Object.keys(bodies).map((body) => body.split(',')[0]));
  for (const version of [first, second, third]) t.ok(versions(load.bodies).has(version), version);
  for (const version of [second, third]) t.ok(versions(byHeader.bodies).has(version), `${version} by header`);
  t.strictSame([...versions(experiment.bodies)], ['demo-microservice experiment-candidate-v1.1.0']);
});

/** What is compiled of the newest snapshot. */
class Compiler {
  #newest: Snapshot | null = null;

  readonly take = (snapshot: Snapshot): void => {
    this.#newest = snapshot;
  };

  compiled(): Compiled {
    if (this.#newest === null) throw new Error('no snapshot');
    return compile(this.#newest, parseConfig(CONFIG, 'demo.yaml'), {});
  }

  /** Percent. */
  canaryWeight(): number {
    const [route] = this.compiled().table.routes;
    const shares = route?.split.filter(({ version }) => route.versions[version]?.role === 'canary') ?? [];
    return shares.reduce((sum, { weight }) => sum + weight, 0);
  }

  ports(): number[] {
    return Object.values(this.compiled().endpoints).flatMap((endpoints) => endpoints.map(({ port }) => port));
  }
}

t.test('what is told is what the objects say by then', async (t) => {
  const compiler = new Compiler();
  const events = new Events();
  const weights: number[] = [];
  const cluster = new SimulatedCluster({ firstMs: 10, eachMs: 10 }, (event) => {
    weights.push(compiler.canaryWeight());
    events.take(event);
  });
  await cluster.start(compiler.take);
  await events.nth(WALK.length);
  await cluster.stop();
  t.strictSame(weights.slice(0, WALK.length), WALK);
});

t.test('a cluster that is stopped leaves no Pod behind, those that are terminating included', async (t) => {
  const compiler = new Compiler();
  const events = new Events();
  const cluster = new SimulatedCluster({ firstMs: 10, eachMs: 10 }, events.take);
  await cluster.start(compiler.take);
  const ports = new Set(compiler.ports());
  t.equal(ports.size, 6, 'four of the stable version, one of the canary and one of the Experiment');
  await events.nth(WALK.length);
  for (const port of compiler.ports()) ports.add(port);
  await cluster.stop();
  for (const port of ports) {
    const socket = connect({ host: '127.0.0.1', port });
    await t.rejects(once(socket, 'connect'), { code: 'ECONNREFUSED' });
  }
});

/** The cluster's controls; what it returns sends a request and resolves with status and body. */
async function control(t: Test, cluster: SimulatedCluster) {
  const controls = createControls(cluster).listen(0, '127.0.0.1');
  t.teardown(() => controls.close());
  await once(controls, 'listening');
  const address = controls.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return async (method: 'GET' | 'PUT' | 'DELETE', path = '/experiment') => {
    const { statusCode, body } = await request(`http://127.0.0.1:${port}${path}`, { method });
    return `${statusCode} ${await body.text()}`;
  };
}

t.test('an experiment that is ended and started, twice each, has one Pod', async (t) => {
  const compiler = new Compiler();
  const cluster = new SimulatedCluster({ firstMs: 60_000, eachMs: 60_000 }, () => undefined);
  await cluster.start(compiler.take);
  t.teardown(() => cluster.stop());
  const send = await control(t, cluster);
  t.equal(await send('DELETE'), '200 the experiment is gone: its header falls back to production\n');
  t.match(await send('DELETE'), /^200 /);
  t.equal(compiler.ports().length, 5);
  t.equal(await send('PUT'), '200 the experiment runs again\n');
  t.strictSame(
    (await Promise.all([send('PUT'), send('PUT')])).map((answer) => answer.slice(0, 3)),
    ['200', '200'],
  );
  t.equal(compiler.ports().length, 6);
});

t.test('another method or path is told what there is', async (t) => {
  const cluster = new SimulatedCluster({ firstMs: 60_000, eachMs: 60_000 }, () => undefined);
  const send = await control(t, cluster);
  const usage = 'DELETE /experiment ends the experiment, PUT /experiment starts it again\n';
  t.equal(await send('GET'), `405 ${usage}`);
  t.equal(await send('GET', '/'), `404 ${usage}`);
});

t.test('it starts at the first weight with a canary that is ready, and says so', async (t) => {
  const compiler = new Compiler();
  const events = new Events();
  const cluster = new SimulatedCluster({ firstMs: 60_000, eachMs: 1 }, events.take);
  await cluster.start(compiler.take);
  t.teardown(() => cluster.stop());
  t.equal(compiler.canaryWeight(), 10);
  t.match(await events.nth(1), { weight: 10, canary: 'talana-backend v1.0.3' });
});

t.test('the first step of all has a time of its own', async (t) => {
  const [held, brief] = [new Events(), new Events()];
  const clusters = [
    new SimulatedCluster({ firstMs: 60_000, eachMs: 1 }, held.take),
    new SimulatedCluster({ firstMs: 1, eachMs: 60_000 }, brief.take),
  ];
  for (const cluster of clusters) {
    await cluster.start(() => undefined);
    t.teardown(() => cluster.stop());
  }
  t.match(await brief.nth(2), { weight: 25 });
  t.equal(held.seen.length, 1);
  t.equal(brief.seen.length, 2);
});
