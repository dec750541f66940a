import { setTimeout as sleep } from 'node:timers/promises';
import { asRecord } from '../../common/records.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { backoff } from './backoff.ts';
import { type Failure, failureOf, isDenial } from './failure.ts';
import { collectionPath, type Kind } from './kinds.ts';
import { lines } from './lines.ts';
import { ListReader } from './list-reader.ts';
import { headOf, type ListHead, listHeadOf, parseEvent } from './objects.ts';
import type { Timing } from './timing.ts';

/** Objects of a page. As many as the API server's own clients ask for. */
const PAGE = '500';
/** So many failures in a row count, even when each is of another kind. */
const PATIENCE = 3;
/** Failures that a list disproves. */
const ANSWERED: readonly Failure['kind'][] = ['unreachable', 'unauthorized', 'credentials'];

export interface ReflectorOptions {
  readonly client: ApiClient;
  readonly kind: Kind;
  /** Null: all. */
  readonly namespace: string | null;
  readonly timing: Timing;
  /** Lists, but does not watch. */
  readonly once: boolean;
  readonly signal: AbortSignal;
  /** Whether the server has let anything be read. One that starts knows of no permission yet, and refuses everything. */
  readonly mayRead: () => boolean;
  /** Takes a change. Of an object that a list does not have any more, only its head is given. */
  readonly apply: (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: unknown) => void;
  /** The server has sent something. */
  readonly onHeard: () => void;
  /** Called when `settled` or `failure` is another. */
  readonly onState: () => void;
}

/**
 * Keeps up with one collection of the API server: lists it, then watches it from there, again and again. What has gone
 * in between is noticed by the next list. A failure counts when it happens twice in a row: a connection that breaks, or a
 * token that has to be read again, is nothing that anybody has to know.
 */
export class Reflector {
  readonly kind: Kind;
  readonly namespace: string | null;
  /** It has been listed, or may not be while others may. */
  settled = false;
  /** It has been listed at least once. */
  listed = false;
  /** Why it is not up to date; null: it is. */
  failure: Failure | null = null;
  readonly #options: ReflectorOptions;
  readonly #path: string;
  /** The resourceVersion of each object that was applied, by `namespace/name`. */
  #known = new Map<string, string>();
  /** Where the next watch begins; null: list first. */
  #version: string | null = null;
  /** Failed one after the other. */
  #attempts = 0;
  /** How the last of them failed; null: none has. */
  #before: Failure['kind'] | null = null;
  /** So many of the last ones failed in that same way. */
  #alike = 0;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.kind = options.kind;
    this.namespace = options.namespace;
    this.#path = collectionPath(options.kind, options.namespace);
  }

  /** Resolves when the signal has ended it (or `once`, its list is complete). Never throws. */
  async run(): Promise<void> {
    const { signal, once } = this.#options;
    while (!signal.aborted) {
      try {
        this.#version ??= await this.#list();
        if (once) return this.#works();
        await this.#watch(this.#version);
      } catch (error) {
        if (!signal.aborted) await this.#failed(failureOf(error));
      }
    }
  }

  /** @returns the version that the list was complete at */
  async #list(): Promise<string> {
    const seen = new Map<string, string>();
    const query: Record<string, string> = { limit: PAGE };
    for (;;) {
      const page = await this.#page(query, seen);
      if (page.next === '') {
        this.#forget(seen);
        this.#answers();
        this.#settle(true);
        return page.resourceVersion;
      }
      query['continue'] = page.next;
    }
  }

  async #page(query: Readonly<Record<string, string>>, seen: Map<string, string>): Promise<ListHead> {
    const { client, kind, timing, signal, onHeard } = this.#options;
    const limits = { signal, headMs: timing.headMs, silenceMs: timing.listSilenceMs };
    const reader = new ListReader((item) => this.#listItem(item, seen));
    const body = await client.open(this.#path, selecting(kind, query), limits);
    for await (const chunk of body) reader.push(chunk);
    onHeard();
    return listHeadOf(reader.end());
  }

  #listItem(item: unknown, seen: Map<string, string>): void {
    const { apiVersion, kind } = this.kind;
    const { namespace, name, resourceVersion } = headOf(item);
    const key = `${namespace}/${name}`;
    seen.set(key, resourceVersion);
    const before = this.#known.get(key);
    if (before === resourceVersion) return;
    this.#known.set(key, resourceVersion);
    // In a list, items leave out what the list says of all of them.
    this.#options.apply(before === undefined ? 'ADDED' : 'MODIFIED', { apiVersion, kind, ...asRecord(item) });
  }

  #forget(seen: Map<string, string>): void {
    const { apiVersion, kind } = this.kind;
    for (const key of this.#known.keys()) {
      if (seen.has(key)) continue;
      const slash = key.indexOf('/');
      const metadata = { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
      this.#options.apply('DELETED', { apiVersion, kind, metadata });
    }
    this.#known = seen;
  }

  /** Resolves when the server has ended the watch in good order. */
  async #watch(version: string): Promise<void> {
    const { client, kind, timing, signal } = this.#options;
    const [least, most] = timing.watchMs;
    const lifeMs = least + Math.random() * (most - least);
    const silenceMs = lifeMs + timing.slackMs;
    const query = selecting(kind, {
      watch: 'true',
      resourceVersion: version,
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(Math.ceil(lifeMs / 1000)),
    });
    const body = await client.open(this.#path, query, { signal, headMs: timing.headMs, silenceMs });
    let proven = false;
    const prove = () => {
      proven = true;
      this.#works();
    };
    const timer = setTimeout(prove, timing.provenMs);
    try {
      for await (const line of lines(body)) {
        if (this.#event(line) === 'BOOKMARK') body.bearSilence(Math.min(silenceMs, timing.bookmarkSilenceMs));
        if (!proven) this.#works();
      }
    } finally {
      clearTimeout(timer);
    }
    // One that ends as soon as it has begun would be opened again at once, and again.
    if (!proven && !signal.aborted) throw new Error('it ends every watch at once');
  }

  /** @returns the event's type */
  #event(line: string): string {
    const { type, object } = parseEvent(line);
    this.#options.onHeard();
    if (type === 'ERROR') throw new ApiError(statusOf(object), object, 0);
    const { namespace, name, resourceVersion } = headOf(object);
    this.#version = resourceVersion;
    if (type === 'DELETED') this.#known.delete(`${namespace}/${name}`);
    else if (type === 'ADDED' || type === 'MODIFIED') this.#known.set(`${namespace}/${name}`, resourceVersion);
    else return type;
    this.#options.apply(type, object);
    return type;
  }

  async #failed(failure: Failure): Promise<void> {
    const { client, timing, signal, mayRead } = this.#options;
    this.#attempts += 1;
    if (!failure.resumable) this.#version = null;
    if (failure.stale) client.renewCredentials();
    const denied = isDenial(failure);
    const alike = failure.kind === this.#before;
    const again = alike || this.#attempts > PATIENCE;
    this.#alike = alike ? this.#alike + 1 : 1;
    this.#before = failure.kind;
    if (again) {
      // What repeats is told once, in the words of the first time.
      if (this.failure?.kind !== failure.kind) {
        this.failure = failure;
        this.#options.onState();
      }
      if (denied && mayRead()) this.#settle(false);
    }
    const why = failure.kind === 'unreachable' ? 'unreachable' : denied ? 'denied' : 'other';
    // A server that answers otherwise than before has moved on. One that comes back has forgotten what was before (410), and
    // the list that helps is not to wait as long as the attempts to reach it did in the end.
    const delay = backoff(this.#alike, why, timing.backoffMs, failure.retryAfterMs);
    await sleep(delay, undefined, { signal }).catch(() => undefined);
  }

  /** The server has done what it was asked for: it is reached, and it knows who asks. Whether a watch works is open. */
  #answers(): void {
    if (this.failure === null || !ANSWERED.includes(this.failure.kind)) return;
    this.failure = null;
    this.#options.onState();
  }

  #works(): void {
    this.#attempts = 0;
    this.#before = null;
    if (this.failure === null) return;
    this.failure = null;
    this.#options.onState();
  }

  #settle(listed: boolean): void {
    if (this.settled && (this.listed || !listed)) return;
    this.settled = true;
    this.listed ||= listed;
    this.#options.onState();
  }
}

function selecting({ labelSelector }: Kind, query: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return labelSelector === '' ? query : { ...query, labelSelector };
}

/** Of the Status that an ERROR event carries. */
function statusOf(object: unknown): number {
  const { code } = asRecord(object);
  return typeof code === 'number' ? code : 500;
}
