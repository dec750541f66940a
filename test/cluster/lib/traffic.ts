import { Convergence } from '../judge/convergence.ts';
import { judgeConvergence } from '../judge/convergences.ts';
import type { HeaderDemand } from '../judge/headers.ts';
import { type Judgement, judge } from '../judge/judge.ts';
import type { ShareDemand } from '../judge/shares.ts';
import { type Split, splitOf } from '../judge/split.ts';
import type { TimeWindow } from '../judge/time-window.ts';
import type { UsableInterval } from '../judge/usable-interval.ts';
import { usableWindows } from '../judge/usable-windows.ts';
import { now } from '../load/clock.ts';
import { type Load, startLoad } from '../load/load.ts';
import type { Stream } from '../load/stream.ts';
import type { Target } from '../load/target.ts';
import type { Api } from './api.ts';
import type { HeadgateDeployment } from './headgate-deployment.ts';
import type { Rollout } from './objects.ts';
import { Skipped } from './skipped.ts';
import type { TableCheck } from './table-check.ts';
import type { Watch } from './watch.ts';

export interface TrafficOptions {
  readonly streams: readonly Stream[];
  /** Headgate; or anything else that takes requests, without a measurement of convergence. */
  readonly to: HeadgateDeployment | readonly Target[];
  /** Whose splits are timed from the watch event to every replica's table; none where it is left out. */
  readonly converge?: {
    readonly rollout: string;
    /** The route's name in `/api/table`; the Rollout's where it is left out. */
    readonly route?: string;
    /** What a Rollout's state asks for; `status.canary.weights` where it is left out. `stepSplit` where there are none. */
    readonly split?: (rollout: Rollout) => Split | null;
  };
  /** Versions, as their images' tags name them, whose own answers 500 are no failures: they are what is to be found out. */
  readonly faulty?: readonly string[];
  /** Kept to each target; 8 where it is left out. */
  readonly connections?: number;
}

export interface Expectation {
  /** By pod template hash; left out: shares are not judged. */
  readonly weights?: Split;
  /** The streams that are split by weight; the first one where it is left out. */
  readonly streams?: readonly string[];
  /** By stream: the hash that answers each of its requests. */
  readonly headers?: Readonly<Record<string, string>>;
  /** So many requests are sent in this state; 500 where it is left out. */
  readonly answers?: number;
}

const SETTLE_MS = 500;

/** Constant load for a whole scenario, and what is demanded of it; or only the tables, where no Pod can be reached. */
export class Traffic {
  readonly #load: Load | null;
  readonly #tables: TableCheck | null;
  readonly #scenario: string;
  readonly #streams: readonly Stream[];
  readonly #faulty: readonly string[];
  readonly #convergence: Convergence | null = null;
  readonly #watch: Watch<Rollout> | null = null;
  readonly #shares: ShareDemand[] = [];
  readonly #headers: HeaderDemand[] = [];
  readonly #whileUsable: HeaderDemand[] = [];

  /** `tables`: no request is sent, and it judges each state instead. */
  constructor(scenario: string, api: Api, options: TrafficOptions, tables: TableCheck | null = null) {
    const { streams, to, converge, faulty = [], connections = 8 } = options;
    this.#scenario = scenario;
    this.#streams = streams;
    this.#faulty = faulty;
    this.#tables = tables;
    const load =
      tables === null ? startLoad({ streams, connections, targets: 'targets' in to ? to.targets : to }) : null;
    this.#load = load;
    if (!('targets' in to)) return;
    if (load !== null) to.onTargets((targets) => load.setTargets(targets));
    if (converge === undefined) return;
    const { rollout: name, route = name, split = splitOf } = converge;
    const convergence = new Convergence({ route, admins: () => to.admins });
    this.#convergence = convergence;
    this.#watch = api.watch('Rollout', ({ type, object, at }) => {
      if (object.metadata.name === name && type !== 'DELETED') convergence.expect(split(object), at);
    });
  }

  /** @throws Skipped when there is none */
  get load(): Load {
    if (this.#load === null) throw new Skipped('it looks at the answers, and no request can reach a Pod from here');
    return this.#load;
  }

  /**
   * Lets the load run in the state that has been reached, and demands that it was answered as that state says. The half
   * second after the call is not judged; nothing may be changed before it resolves.
   */
  async expect(name: string, expectation: Expectation): Promise<TimeWindow> {
    if (this.#tables !== null) return this.#tables.expect(name, this.#streams, expectation);
    const { weights, streams, headers = {}, answers = 500 } = expectation;
    const first = this.#streams[0];
    if (first === undefined) throw new Error('there is no stream');
    const from = this.load.mark(name).at;
    await this.load.answered(answers, first.name, from + SETTLE_MS);
    const window = { name, from, until: this.load.mark(`after ${name}`).at };
    if (weights !== undefined) this.#shares.push({ window, weights, streams: streams ?? [first.name] });
    for (const [stream, hash] of Object.entries(headers)) this.#headers.push({ window, stream, hash });
    return window;
  }

  /**
   * Demands, by stream, that until the returned function is called this hash answers each request while it has a usable
   * Pod, whatever else changes.
   */
  throughout(name: string, headers: Readonly<Record<string, string>>): () => void {
    const from = now();
    return () => {
      const window = { name, from, until: now() };
      for (const [stream, hash] of Object.entries(headers)) this.#whileUsable.push({ window, stream, hash });
    };
  }

  /** Ends the load and judges every request of it. */
  async stop(pods: readonly UsableInterval[]): Promise<Judgement> {
    await this.#load?.stop();
    this.#watch?.close();
    await this.#convergence?.stop();
    const convergence = this.#convergence === null ? {} : { convergence: this.#convergence };
    if (this.#tables !== null) {
      const { row } = judge({ scenario: this.#scenario, records: [], ...convergence });
      const late = this.#convergence === null ? [] : judgeConvergence(this.#convergence);
      return { findings: [...this.#tables.findings, ...late], row, shares: [] };
    }
    const whileUsable = this.#whileUsable.flatMap((demand) => {
      const windows = usableWindows(demand.window, demand.hash, pods);
      // A version that was never usable would meet the demand by having none.
      return windows.length === 0 ? [demand] : windows.map((window) => ({ ...demand, window }));
    });
    return judge({
      scenario: this.#scenario,
      records: this.load.records,
      surprises: this.load.surprises,
      settleMs: SETTLE_MS,
      shares: this.#shares,
      headers: [...this.#headers, ...whileUsable],
      pods,
      faulty: this.#faulty,
      ...convergence,
    });
  }
}
