import { lookup } from 'node:dns/promises';
import type { Agent } from 'undici';
import { errorText } from '../common/error-text.ts';
import { formatDuration } from '../common/format-duration.ts';
import { hostPort } from '../common/host-port.ts';
import { type VersionId, versionKey } from '../telemetry/version-id.ts';
import { PairCache } from './pair-cache.ts';
import { BLOCKS_PATH, blocksQuery, type PeerAnswer, parsePeerAnswer } from './peer-protocol.ts';
import type { PairWindow } from './window.ts';

export interface PeersOptions {
  /** A name that stands for the addresses of all replicas, and their admin port. */
  readonly host: string;
  readonly port: number;
  /** Milliseconds for one question to all of them, the name included. */
  readonly timeout: number;
  /** Of this process: it may be among them. */
  readonly instance: string;
  /** Milliseconds of the recorder's clock. */
  readonly now: () => number;
  /** All addresses of a name. Default: as the system resolves it. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

/** What the other replicas have recorded of two versions. */
export interface PeerAnswers {
  readonly asked: number;
  /** Those that were not heard: `address: reason`. */
  readonly missing: readonly string[];
  readonly windows: readonly PairWindow[];
}

/** More addresses than any Deployment of gateways has; those beyond are missing. */
const MOST_PEERS = 100;
/** A day's blocks of a busy route are some 100 KB. */
const MOST_BYTES = 8 * 1024 * 1024;
/** Who was late is not asked for so long: each question would wait for it. */
const REST_MS = 5_000;

/** Asks the other replicas what they have recorded. */
export class Peers {
  readonly #options: PeersOptions;
  readonly #resolve: (host: string) => Promise<readonly string[]>;
  /** Null: nobody was asked yet. */
  #agent: Agent | null = null;
  readonly #cache: PairCache;
  readonly #underWay = new Map<string, Promise<PeerAnswers>>();
  readonly #resting = new Map<string, { readonly until: number; readonly reason: string }>();

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#resolve = options.resolve ?? systemAddresses;
    this.#cache = new PairCache(options.now);
  }

  /** Never rejects. Whoever asks the same meanwhile gets the same answer. */
  ask(candidate: VersionId, baseline: VersionId): Promise<PeerAnswers> {
    const key = `${versionKey(candidate)}${versionKey(baseline)}`;
    let answers = this.#underWay.get(key);
    if (answers === undefined) {
      answers = this.#ask(key, candidate, baseline).finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, answers);
    }
    return answers;
  }

  async close(): Promise<void> {
    await this.#agent?.destroy();
  }

  async #ask(key: string, candidate: VersionId, baseline: VersionId): Promise<PeerAnswers> {
    const { host, port, timeout, instance, now } = this.#options;
    const late = AbortSignal.timeout(timeout);
    let addresses: readonly string[];
    try {
      addresses = [...new Set(await within(this.#resolve(host), late))];
    } catch (error) {
      const reason = late.aborted ? `the name was not resolved within ${formatDuration(timeout)}` : codeOf(error);
      return { asked: 0, missing: [`${hostPort(host, port)}: ${reason}`], windows: [] };
    }
    // All of them, for Pods that are gone are not asked again.
    for (const [address, { until }] of this.#resting) if (now() >= until) this.#resting.delete(address);
    const pair = this.#cache.of(key);
    const asked = addresses.slice(0, MOST_PEERS);
    const seen = new Set<string>([instance]);
    const missing: string[] = addresses.slice(MOST_PEERS).map((address) => `${address}: too many replicas`);
    const windows: PairWindow[] = [];
    let others = asked.length;
    const answers = await Promise.all(
      asked.map(async (address) => {
        const query = blocksQuery(candidate, baseline, instance, pair.known(address));
        return [address, await this.#askOne(address, query, late)] as const;
      }),
    );
    for (const [address, answer] of answers) {
      const problem = typeof answer === 'string' ? answer : null;
      // This process itself, or one that has two addresses.
      if (typeof answer !== 'string' && seen.has(answer.instance)) {
        others -= 1;
        continue;
      }
      const taken = typeof answer === 'string' ? answer : pair.take(address, answer);
      if (typeof answer !== 'string') seen.add(answer.instance);
      if (typeof taken === 'string') missing.push(`${hostPort(address, port)}: ${problem ?? taken}`);
      else if (taken !== null) windows.push(taken);
    }
    this.#cache.used(key);
    return { asked: others, missing: missing.toSorted(), windows };
  }

  /** A string says why there is no answer. */
  async #askOne(address: string, query: string, late: AbortSignal): Promise<PeerAnswer | string> {
    const { port, timeout, now } = this.#options;
    const resting = this.#resting.get(address);
    if (resting !== undefined) return resting.reason;
    try {
      // Not before it is needed: undici costs 11 MB, and most replicas are never asked for a verdict.
      const { Agent } = await import('undici');
      this.#agent ??= new Agent({ connections: 4, allowH2: false, maxResponseSize: MOST_BYTES, connect: { timeout } });
      const { statusCode, body } = await this.#agent.request({
        origin: `http://${hostPort(address, port)}`,
        path: `${BLOCKS_PATH}?${query}`,
        method: 'GET',
        signal: late,
      });
      const text = await body.text();
      if (statusCode === 404) return 'it is an older Headgate, which counts no blocks';
      return statusCode === 200 ? parsePeerAnswer(text) : `status ${statusCode}`;
    } catch (error) {
      if (!late.aborted) return codeOf(error);
      const reason = `no answer within ${formatDuration(timeout)}`;
      this.#resting.set(address, { until: now() + REST_MS, reason });
      return reason;
    }
  }
}

async function systemAddresses(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}

function within<T>(promise: Promise<T>, late: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    late.addEventListener('abort', () => reject(new Error('late')), { once: true });
    promise.then(resolve, reject);
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : errorText(error);
}
