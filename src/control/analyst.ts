import { Analysis, type AnalysisAnswer, type Reply } from '../analysis/analysis.ts';
import { answerPeer, type PeerAnswer } from '../analysis/peer-protocol.ts';
import { Peers } from '../analysis/peers.ts';
import { Recorder } from '../analysis/recorder.ts';
import { difference } from '../common/difference.ts';
import { nodeCrypto } from '../common/node-builtins.ts';
import type { AnalysisConfig } from '../config/config.ts';
import type { Rollout } from '../model/rollout.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { RoutingTable } from '../routing/table.ts';
import type { SeriesRegistry } from '../telemetry/counters.ts';
import type { Logger } from '../telemetry/logger.ts';

const TICK_MS = 1_000;

export interface AnalystOptions {
  readonly config: AnalysisConfig;
  readonly registry: SeriesRegistry;
  readonly logger: Pick<Logger, 'error'>;
  /** Headgate's own version. */
  readonly version: string;
  readonly surroundings?: Surroundings | undefined;
}

/** What a test may put in the place of the real ones. */
export interface Surroundings {
  /** Milliseconds; only differences matter. */
  readonly now?: () => number;
  /** Milliseconds from one look at the counts to the next, of the real clock. */
  readonly tickMs?: number;
  /** All addresses of a name. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

/** Records what versions do, judges them, and speaks with the other replicas of it. */
export class Analyst {
  readonly #recorder: Recorder;
  readonly #analysis: Analysis;
  readonly #peers: Peers | null;
  /** Of this process; empty: no replica has asked for it yet. */
  #name = '';
  readonly #options: AnalystOptions;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #started = false;
  #rollouts: Snapshot['rollouts'] = [];
  #aborted: ReadonlySet<string> = new Set();

  constructor(options: AnalystOptions) {
    const { config, registry, surroundings = {} } = options;
    const { now = () => performance.now(), resolve } = surroundings;
    this.#options = options;
    this.#now = now;
    this.#recorder = new Recorder({ series: () => registry.series(), now });
    this.#peers =
      config.peers === null
        ? null
        : new Peers({
            ...config.peers,
            timeout: config.timeout,
            instance: this.#instance(),
            now,
            ...(resolve !== undefined && { resolve }),
          });
    this.#analysis = new Analysis({
      recorder: this.#recorder,
      started: () => this.#started,
      now,
      wallClock: Date.now,
      peers: this.#peers,
    });
  }

  /** The workers have been told of this table, and its counters are there. */
  update(table: RoutingTable, { rollouts }: Pick<Snapshot, 'rollouts'>): void {
    this.#recorder.update(table, this.#abortedOf(rollouts));
    if (this.#started) return;
    this.#started = true;
    this.#timer = setInterval(() => this.#tick(), this.#options.surroundings?.tickMs ?? TICK_MS).unref();
  }

  answer(query: URLSearchParams): Promise<Reply<AnalysisAnswer>> {
    return this.#analysis.answer(query);
  }

  /** For another replica. */
  blocks(query: URLSearchParams): Reply<PeerAnswer> {
    const { version } = this.#options;
    const own = { instance: this.#instance(), headgate: version, recorder: this.#recorder, now: this.#now };
    const answer = answerPeer(query, own);
    return typeof answer === 'string' ? { status: 400, body: answer } : { status: 200, body: answer };
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#peers?.close();
  }

  /** `namespace/name`; the same set while no Rollout that is or was aborted has changed: there may be thousands of others. */
  #abortedOf(rollouts: Snapshot['rollouts']): ReadonlySet<string> {
    const changed = difference(this.#rollouts, rollouts).flatMap((some) => [...some]);
    this.#rollouts = rollouts;
    if (changed.some(isAborted)) {
      this.#aborted = new Set(rollouts.filter(isAborted).map(({ namespace, name }) => `${namespace}/${name}`));
    }
    return this.#aborted;
  }

  #instance(): string {
    if (this.#name === '') this.#name = nodeCrypto().randomUUID();
    return this.#name;
  }

  /** Never throws: a bug of ours here must not end a process that serves well. */
  #tick(): void {
    try {
      this.#recorder.tick();
    } catch (error) {
      this.#options.logger.error(
        { err: error instanceof Error ? error.stack : String(error) },
        'counts could not be recorded for the verdict',
      );
    }
  }
}

function isAborted({ status }: Rollout): boolean {
  return status.abort;
}
