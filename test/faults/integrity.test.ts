import t, { type Test } from 'tap';
import { listenerTls, pem } from '../lib/certificates.ts';
import { TestPlane, withTls } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { type RawPeer, turn } from '../lib/raw-peer.ts';
import { staticTable } from '../lib/static-table.ts';
import { testSettings } from '../lib/test-settings.ts';
import { tlsClient } from '../lib/tls-client.ts';
import { tlsUpstream } from '../lib/tls-upstreams.ts';
import { rawUpstream } from '../lib/upstreams.ts';
import { seededRandom } from '../routing/seeded-random.ts';
import { Baseline } from './baseline.ts';
import { playIntegrityVisit } from './integrity-client.ts';
import { ANSWERS, type Asked, planIntegrityVisit } from './integrity-plan.ts';
import { integrityUpstream } from './integrity-upstream.ts';
import { lateWrites } from './late-writes.ts';

/** Others are another test, and a longer one: `INTEGRITY_SEED=7 INTEGRITY_REQUESTS=50000 npx tap -t600 test/faults/integrity.test.ts`. */
const SEED = Number(process.env['INTEGRITY_SEED'] ?? 1);
const REQUESTS = Number(process.env['INTEGRITY_REQUESTS'] ?? 400);
/** Clients at the same time. */
const CLIENTS = 24;
const VERSIONS = ['plain', 'tls'];

for (const [how, requestsPerEndpoint] of [
  ['as many requests at an endpoint as there are', 0],
  ['three requests at an endpoint, the others in its queue', 3],
] as const) {
  t.test(
    `each byte of each answer, upload and tunnel is its own, with TLS and without on either side and ${how}, seed ${SEED}`,
    async (t) => {
      const under = await stage(t, requestsPerEndpoint);
      const { whole, waited } = await rush(t, under);
      t.same(under.wrong, [], 'nothing is mixed up, shifted or cut');
      await under.baseline.regained(t, [], under.peers());
      t.equal(waited, requestsPerEndpoint > 0, 'requests have waited for an endpoint where they had to');
      for (const answer of ANSWERS)
        t.ok(
          whole.some((asked) => asked.answer === answer),
          `${answer} was seen whole`,
        );
      t.ok(whole.length > REQUESTS * 0.8, `${whole.length} of ${REQUESTS} were seen whole: few clients leave`);
    },
  );
}

interface Stage {
  readonly plane: TestPlane;
  /** Of the listener under TLS. */
  readonly securePort: number;
  readonly plan: Map<number, Asked>;
  readonly wrong: string[];
  readonly baseline: Baseline;
  peers(): RawPeer[];
}

/** One plane with two listeners and two upstreams, one of each under TLS: buffers and connections are everybody's. */
async function stage(t: Test, requestsPerEndpoint: number): Promise<Stage> {
  const plan = new Map<number, Asked>();
  const wrong: string[] = [];
  const script = integrityUpstream(plan, wrong);
  const upstreams = [await rawUpstream(t, script), await tlsUpstream(t, script)] as const;
  const plane = new TestPlane(testSettings({ limits: { requestsPerEndpoint } }));
  t.teardown(() => plane.plane.destroy());
  const plain = staticTable({ plain: { ports: [upstreams[0].port] } }, '/plain');
  const secure = staticTable({ tls: { ports: [upstreams[1].port] } }, '/tls');
  const { routes } = withTls(secure.table, { ca: pem('ca.crt'), serverName: 'localhost', verify: true });
  plane.apply(
    { routes: [...plain.table.routes, ...routes.map((route) => ({ ...route, name: 'tls' }))] },
    { ...plain.endpoints, ...secure.endpoints },
  );
  await plane.listen('127.0.0.1');
  const securePort = await plane.plane.listen('127.0.0.1', 0, false, listenerTls(['server']));
  const baseline = new Baseline(plane, VERSIONS);
  return { plane, securePort, plan, wrong, baseline, peers: () => upstreams.flatMap(({ peers }) => peers) };
}

/** Lets the clients in, a few at a time, while the plane looks after its connections far more often than it would. */
async function rush(t: Test, under: Stage): Promise<{ whole: Asked[]; waited: boolean }> {
  const { plane, securePort, plan, wrong } = under;
  const random = seededRandom(SEED);
  const whole: Asked[] = [];
  let waited = false;
  let running = CLIENTS;
  const visitor = async (): Promise<void> => {
    while (plan.size < REQUESTS && wrong.length < 5) {
      const visit = planIntegrityVisit(random, plan.size);
      for (const asked of visit.requests) plan.set(asked.id, asked);
      try {
        const client = await (visit.secure ? tlsClient(t, securePort) : rawClient(t, plane.port));
        whole.push(...(await playIntegrityVisit(client, visit)));
      } catch (error) {
        wrong.push(String(error));
      }
    }
    running -= 1;
  };
  const visitors = Array.from({ length: CLIENTS }, visitor);
  for (;;) {
    for (const { socket } of plane.plane.connections) lateWrites(socket);
    plane.pass(0);
    waited ||= VERSIONS.some((version) => plane.waiting(version) > 0);
    await turn();
    if (running === 0) break;
  }
  await Promise.all(visitors);
  return { whole, waited };
}
