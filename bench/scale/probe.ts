import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Api } from '../../test/cluster/lib/api.ts';
import { command } from '../../test/cluster/lib/command.ts';
import type { Watch } from '../../test/cluster/lib/watch.ts';
import { now } from '../../test/cluster/load/clock.ts';
import { fill } from './fill.ts';
import {
  CANARY,
  namespaceOf,
  pod,
  podName,
  readiness,
  rolloutName,
  rolloutWithService,
  type Shape,
  STABLE,
} from './objects.ts';

/** Of the Pods that answer: the first is of the canary's hash, the other of stable's. */
const ADDRESSES = ['10.246.0.1', '10.246.0.2'] as const;
const HASHES = [CANARY, STABLE] as const;
/** How long after the event the old version may go on answering before it counts as for ever. */
const PATIENCE_MS = 300;

type Which = 0 | 1;

/** One Rollout more, whose two Pods answer: it shows when a change in the cluster has reached the requests. */
export class Probe {
  readonly host: string;
  readonly #api: Api;
  readonly #index: number;
  readonly #upstreams: ChildProcess;
  readonly #agent = new Agent({ connections: 1 });
  readonly #arrivals = new Map<string, number>();
  readonly #watches: readonly Pick<Watch<never>, 'close'>[];

  private constructor(api: Api, shape: Shape, upstreams: ChildProcess) {
    const namespace = namespaceOf(shape.rollouts, shape);
    this.#index = shape.rollouts;
    this.host = `${rolloutName(this.#index)}.${namespace}`;
    this.#api = api.in(namespace);
    this.#upstreams = upstreams;
    const note = ({ object, at }: { object: { metadata: { resourceVersion?: string } }; at: number }) => {
      this.#arrivals.set(object.metadata.resourceVersion ?? '', at);
    };
    this.#watches = [this.#api.watch('Rollout', note), this.#api.watch('Pod', note)];
  }

  static async start(api: Api, shape: Shape): Promise<Probe> {
    for (const address of ADDRESSES) await command('ip', ['address', 'add', `${address}/32`, 'dev', 'lo']);
    const program = join(import.meta.dirname, 'upstreams.ts');
    const upstreams = spawn(process.execPath, [program, ...ADDRESSES], { stdio: 'inherit' });
    const index = shape.rollouts;
    await fill(api, [...rolloutWithService(index, shape), ...ADDRESSES.map((ip, n) => pod(index, n, shape, ip))]);
    return new Probe(api, shape, upstreams);
  }

  /** Production moves from one version to the other, again and again: the delay of each move in milliseconds. */
  async tableDelays(times: number): Promise<readonly number[]> {
    return this.#repeat(times, async (to) => this.#setStable(to));
  }

  /** The Pod that answers stops being ready, and the other version falls in: the delay of each in milliseconds. */
  async endpointDelays(times: number): Promise<readonly number[]> {
    await this.#setStable(1);
    await this.#setReady(0, true);
    const delays: number[] = [];
    for (let i = 0; i < times; i += 1) {
      delays.push(await this.#delay(1, () => this.#setReady(1, false)));
      await this.#setReady(1, true);
      await sleep(100);
    }
    return delays;
  }

  async close(): Promise<void> {
    for (const watch of this.#watches) watch.close();
    this.#upstreams.kill();
    await this.#agent.destroy();
  }

  async #repeat(times: number, change: (to: Which) => Promise<string>): Promise<readonly number[]> {
    await change(0);
    await sleep(PATIENCE_MS);
    const delays: number[] = [];
    for (let i = 0; i < times; i += 1) {
      const [from, to]: [Which, Which] = i % 2 === 0 ? [0, 1] : [1, 0];
      delays.push(await this.#delay(from, () => change(to)));
    }
    return delays;
  }

  /** From the arrival of the event at a watch until the last request that the old Pod got was sent. */
  async #delay(from: Which, change: () => Promise<string>): Promise<number> {
    let lastOld = 0;
    const asking = new AbortController();
    const ask = async () => {
      while (!asking.signal.aborted) {
        const sentAt = now();
        if ((await this.#answeredBy()) === ADDRESSES[from]) lastOld = sentAt;
      }
    };
    const asked = ask();
    const version = await change();
    await sleep(PATIENCE_MS);
    asking.abort();
    await asked;
    const arrived = this.#arrivals.get(version);
    if (arrived === undefined) throw new Error(`the event of version ${version} has not arrived`);
    if (now() - lastOld < 20) throw new Error(`${PATIENCE_MS} ms after the change the old version still answers`);
    return Math.max(0, lastOld - arrived);
  }

  async #answeredBy(): Promise<string> {
    const { body } = await request('http://127.0.0.1:8080/', { dispatcher: this.#agent, headers: { host: this.host } });
    return body.text();
  }

  /** The version of the object after the change. */
  async #setStable(to: Which): Promise<string> {
    const status = { stableRS: HASHES[to], currentPodHash: HASHES[to] };
    return this.#patch('Rollout', rolloutName(this.#index), status);
  }

  async #setReady(which: Which, ready: boolean): Promise<string> {
    return this.#patch('Pod', podName(this.#index, which), readiness(ready, ADDRESSES[which]));
  }

  async #patch(kind: 'Rollout' | 'Pod', name: string, status: Readonly<Record<string, unknown>>): Promise<string> {
    const { metadata } = await this.#api.patch(kind, name, { status }, 'status');
    return metadata.resourceVersion ?? '';
  }
}
