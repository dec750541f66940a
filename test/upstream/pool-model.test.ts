import t from 'tap';
import type { EndpointPool } from '../../src/upstream/endpoint-pool.ts';
import type { Ticket } from '../../src/upstream/pending-queue.ts';
import { VersionPool } from '../../src/upstream/version-pool.ts';
import { turn } from '../lib/raw-peer.ts';
import { seededRandom } from '../routing/seeded-random.ts';

/*
 * Ejection, health checks, slow start, panic and the queue share one list of endpoints. After any number of events what is chosen
 * from must be what the standing of each endpoint says, and nobody may wait while there is room.
 */

const EJECTION = { failures: 2, time: 1_000, maxTime: 4_000, maxShare: 0.5, serverErrors: false };
const MOST = 2;
const NAMES = ['a', 'b', 'c', 'd', 'e'];

/** A version's pool, requests that are under way or wait, and a clock. */
class Scene {
  readonly pool: VersionPool;
  readonly underWay: EndpointPool[] = [];
  readonly waiting = new Map<number, Ticket>();
  readonly mistakes: string[] = [];
  now = 0;
  #next = 0;

  constructor(random: () => number) {
    this.pool = new VersionPool('k', { maxIdle: 0, maxActive: MOST, maxPending: 8, ejection: EJECTION, random });
  }

  request(canFallBack: boolean, except: EndpointPool | null): void {
    const { pool } = this;
    const had = this.#eligible().length > 0 && pool.pending.length === 0;
    const endpoint = pool.pick(except);
    if ((endpoint !== null) !== had) this.mistakes.push(`picked ${endpoint?.name} where there was ${had}`);
    if (endpoint !== null) this.#begin(endpoint);
    else if (pool.listed) this.#wait(canFallBack, except);
  }

  end(index: number, how: 'answered' | 'failed' | 'untried'): void {
    const [endpoint] = this.underWay.splice(index, 1);
    if (endpoint === undefined) return;
    if (how === 'answered' && endpoint.health.troubled) this.pool.answered(endpoint, this.now);
    if (how === 'failed') this.pool.failed(endpoint, this.now);
    endpoint.active -= 1;
    if (how === 'untried') this.pool.untried(endpoint);
    // What its pool does when a connection comes back.
    this.pool.sweep(this.now);
  }

  /** Those that may get a request now. */
  #eligible(): EndpointPool[] {
    const { endpoints } = this.pool;
    const open = endpoints.filter(({ health }) => health.open);
    return (endpoints.some(({ health }) => health.usable) ? open : [...endpoints]).filter(({ full }) => !full);
  }

  #begin(endpoint: EndpointPool): void {
    const { pool } = this;
    if (endpoint.retired) this.mistakes.push(`${endpoint.name} is gone`);
    if (endpoint.full) this.mistakes.push(`${endpoint.name} is full`);
    endpoint.active += 1;
    this.underWay.push(endpoint);
    const { standing, checked } = endpoint.health;
    if (standing === 'due') this.mistakes.push(`${endpoint.name} is tried by several`);
    if (pool.usable && (standing === 'ejected' || !checked)) this.mistakes.push(`${endpoint.name} is ${standing}`);
  }

  #wait(canFallBack: boolean, except: EndpointPool | null): void {
    const place = this.#next++;
    const leave = () => {
      const [first] = this.waiting.keys();
      if (first !== place) this.mistakes.push(`${place} has overtaken ${first}`);
      this.waiting.delete(place);
    };
    const ticket = this.pool.pending.join(
      {
        canFallBack,
        onEndpoint: (endpoint) => {
          leave();
          this.#begin(endpoint);
        },
        onNoEndpoints: () => {
          leave();
          if (this.pool.listed && (this.pool.usable || !canFallBack)) this.mistakes.push(`${place} was sent away`);
        },
      },
      except,
    );
    if (ticket !== null) this.waiting.set(place, ticket);
  }

  /** After the next tick. */
  check(): void {
    const { pool } = this;
    const all = pool.endpoints;
    const out = all.filter(({ health }) => health.standing === 'ejected' || health.standing === 'trial');
    if (pool.ejected !== out.length) this.mistakes.push(`${pool.ejected} ejected, not ${out.length}`);
    if (pool.usable !== all.some(({ health }) => health.usable)) this.mistakes.push(`usable: ${pool.usable}`);
    if (pool.pending.length !== this.waiting.size) this.mistakes.push('the queue has another length');
    if (this.waiting.size > 0 && this.#eligible().length > 0) this.mistakes.push('somebody waits while there is room');
    if (this.waiting.size > 0 && !pool.listed) this.mistakes.push('somebody waits for nobody');
    for (const { name, warmth } of all) if (!(warmth > 0 && warmth <= 1)) this.mistakes.push(`${name}: ${warmth}`);
  }
}

async function play(seed: number, steps: number): Promise<{ mistakes: string[]; served: number }> {
  const random = seededRandom(seed);
  const pick = (count: number): number => Math.floor(random() * count);
  const some = () => NAMES.filter(() => pick(3) > 0);
  const scene = new Scene(random);
  const { pool, underWay } = scene;
  let served = 0;
  for (let step = 0; step < steps && scene.mistakes.length === 0; step += 1) {
    const event = pick(20);
    if (event < 8) scene.request(pick(2) === 0, pick(3) === 0 ? (pool.endpoints[pick(5)] ?? null) : null);
    else if (event < 11) scene.end(pick(underWay.length), 'answered');
    else if (event < 14) scene.end(pick(underWay.length), 'failed');
    else if (event < 15) scene.end(pick(underWay.length), 'untried');
    else if (event < 16)
      pool.update(
        some().map((host) => ({ host, port: 80 })),
        scene.now,
      );
    else if (event < 17) pool.checked(new Set(some().map((host) => `${host}:80`)), scene.now);
    else if (event < 18) pool.startSlowly(pick(3) * 1_000, scene.now);
    else {
      scene.now += pick(2_000);
      pool.sweep(scene.now);
    }
    served += underWay.length;
    // Several things may happen in one turn.
    if (pick(3) === 0) continue;
    await turn();
    scene.check();
    if (scene.mistakes.length > 0) scene.mistakes.push(`seed ${seed}, step ${step}, event ${event}`);
  }
  return { mistakes: scene.mistakes, served };
}

t.test(
  'whatever happens, what is chosen from is what is thought of the endpoints, and nobody waits where there is room',
  async (t) => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const { mistakes, served } = await play(seed, 500);
      t.strictSame(mistakes, []);
      t.ok(served > 500);
    }
  },
);
