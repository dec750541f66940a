import t, { type Test } from 'tap';
import { type AccessEntry, AccessLog } from '../../src/telemetry/access-log.ts';
import { TestPlane } from '../lib/plane.ts';
import { staticTable } from '../lib/static-table.ts';
import { type SettingsChange, testSettings } from '../lib/test-settings.ts';
import { deadPort, type RawUpstream, rawUpstream } from '../lib/upstreams.ts';
import { seededRandom } from '../routing/seeded-random.ts';
import { Baseline } from './baseline.ts';
import { type Outcome, planVisit, play } from './chaos-client.ts';
import { askedBy, chaosUpstream, POLITE, type Seen } from './chaos-upstream.ts';
import { turns } from './scene.ts';

/** Another one is another test: `CHAOS_SEED=7 npx tap test/faults/chaos.test.ts`. */
const SEED = Number(process.env['CHAOS_SEED'] ?? 1);
const REQUESTS = 1_500;
/** Clients at the same time. */
const CLIENTS = 24;
/** Turns of the event loop between two steps of the clock. */
const STEP_TURNS = 40;
const STEP_MS = 250;
const VERSIONS = ['first', 'second'];

/** The clock runs fast here: what stalls is over after a thousand turns. */
const TIMEOUTS = { responseHeaders: 6_000, idle: 6_000 };
/** One that waits for an endpoint, for its answer, and for the next bytes of it. */
const LONGEST_MS = 15_000;

interface Case {
  readonly settings: SettingsChange;
  /** The share that is served at least, of requests that meet no fault of their own. */
  readonly served: number;
}

const CASES: Readonly<Record<string, Case>> = {
  'with the defaults': { settings: { timeouts: TIMEOUTS }, served: 0.6 },
  'with five requests at an endpoint and a short queue': {
    settings: { timeouts: { ...TIMEOUTS, pending: 2_000 }, limits: { requestsPerEndpoint: 5, pending: 8 } },
    served: 0.1,
  },
};

for (const [how, { settings, served }] of Object.entries(CASES)) {
  t.test(
    `chaos ${how}, seed ${SEED}: each answer is whole and its own, or is seen to be cut; nothing is left`,
    async (t) => {
      const under = await stage(t, settings);
      const { outcomes, errors } = await rush(t, under);
      t.same(errors, [], 'no answer is mixed up, and none is taken for whole that is not');
      t.same(under.seen.wrong, [], 'no request is mixed up');
      t.same(
        under.upstreams.flatMap((upstream) => upstream.errors),
        [],
        'and upstreams understood all that they were sent',
      );
      await under.baseline.regained(
        t,
        [],
        under.upstreams.flatMap(({ peers }) => peers),
      );
      checkCounts(t, under, outcomes);
      checkRepeats(t, under, outcomes);
      const polite = outcomes.filter(({ asked, patient }) => patient && POLITE.has(asked.behaviour));
      const good = polite.filter(({ got }) => got === 200);
      t.ok(
        good.length > polite.length * served,
        `${good.length} of ${polite.length} that met no fault of their own were served`,
      );
    },
  );
}

interface Stage {
  readonly plane: TestPlane;
  readonly upstreams: readonly RawUpstream[];
  readonly seen: Seen;
  readonly log: Entries;
  readonly baseline: Baseline;
}

/** Two versions that fall in for one another: the first has two endpoints and a dead one, the second has one. */
async function stage(t: Test, settings: SettingsChange): Promise<Stage> {
  const seen: Seen = { heads: new Map(), wrong: [] };
  const upstreams = await Promise.all([0, 1, 2].map(() => rawUpstream(t, chaosUpstream(seen))));
  const [a = 0, b = 0, c = 0] = upstreams.map(({ port }) => port);
  const log = new Entries();
  const plane = new TestPlane(testSettings({ ...settings, accessLog: true }), undefined, undefined, log);
  t.teardown(() => plane.plane.destroy());
  const { table, endpoints } = staticTable({
    first: { ports: [a, b, await deadPort()], weight: 2, fallback: ['second'] },
    second: { ports: [c], weight: 1, fallback: ['first'] },
  });
  plane.apply(table, endpoints);
  await plane.listen('127.0.0.1');
  return { plane, upstreams, seen, log, baseline: new Baseline(plane, VERSIONS) };
}

/** Lets the clients in, a few at a time, while the clock runs. */
async function rush(t: Test, { plane }: Stage): Promise<{ outcomes: Outcome[]; errors: string[] }> {
  const random = seededRandom(SEED);
  const outcomes: Outcome[] = [];
  const errors: string[] = [];
  let asked = 0;
  let running = CLIENTS;
  const visitor = async (): Promise<void> => {
    while (asked < REQUESTS && errors.length < 5) {
      const visit = planVisit(random, asked);
      asked += visit.requests.length;
      await play(t, plane.port, visit).then(
        (some) => outcomes.push(...some),
        (error: unknown) => errors.push(String(error)),
      );
    }
    running -= 1;
  };
  const visitors = Array.from({ length: CLIENTS }, visitor);
  // A client that left with FIN may only have half-closed: what it asked for is over with the longest timeout at last.
  for (let rest = LONGEST_MS; rest > 0; rest -= running > 0 ? 0 : STEP_MS) {
    await turns(STEP_TURNS);
    plane.pass(STEP_MS);
  }
  await Promise.all(visitors);
  return { outcomes, errors };
}

/** Each request is counted and logged once, with the status that its client got. */
function checkCounts(t: Test, { plane, log }: Stage, outcomes: readonly Outcome[]): void {
  const counted = [...VERSIONS, null].flatMap((version) => Object.values(plane.statuses(version)));
  t.equal(sum(counted), log.entries.length, 'as many are counted as are logged');
  const logged = new Map<number, AccessEntry[]>();
  for (const entry of log.entries) {
    // What could not be read has no path: a head that a client did not finish in time.
    if (entry.path === '') continue;
    const { id } = askedBy(entry.path);
    logged.set(id, [...(logged.get(id) ?? []), entry]);
  }
  const wrong: string[] = [];
  for (const outcome of outcomes) {
    const entries = logged.get(outcome.asked.id) ?? [];
    const said = JSON.stringify({ outcome, logged: entries.map(({ status, reason }) => [status, reason]) });
    if (entries.length > 1) wrong.push(`more than once: ${said}`);
    const [entry] = entries;
    // What was never begun, or never read in full, has none.
    if (entry === undefined || !outcome.patient) continue;
    if (typeof outcome.got === 'number') {
      // Who half-closes while it waits for an endpoint has left, as far as is known.
      if (entry.status !== outcome.got && entry.reason !== 'client_closed') wrong.push(`another status: ${said}`);
    } else if (
      !range(outcome.asked.id, outcome.lastId).some((id) => logged.get(id)?.some(({ reason }) => reason !== ''))
    ) {
      // The reset that cuts one answer takes along what the client has not read of those before.
      wrong.push(`cut without a reason: ${said}`);
    }
  }
  t.same(wrong, [], 'each is logged once, with what its client got');
}

/** What may have been acted upon is not sent twice. */
function checkRepeats(t: Test, { seen, log }: Stage, outcomes: readonly Outcome[]): void {
  const posts = new Set(log.entries.filter(({ method }) => method === 'POST').map(({ path }) => askedBy(path).id));
  const twice = outcomes.filter(({ asked }) => posts.has(asked.id) && (seen.heads.get(asked.id) ?? 0) > 1);
  t.same(twice, [], 'no POST has reached an upstream twice');
  const most = Math.max(...seen.heads.values());
  t.ok(most <= 3, `no request was sent more than three times: ${most}`);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** The access log, in memory. */
class Entries extends AccessLog {
  readonly entries: AccessEntry[] = [];

  constructor() {
    super({ destination: '/dev/null' });
  }

  override write(entry: AccessEntry): void {
    this.entries.push(entry);
  }
}
