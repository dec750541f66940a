import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../load/clock.ts';
import type { Connection } from './connection.ts';
import type { KubeObject } from './objects.ts';

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
  /** When it arrived here: epoch milliseconds. */
  readonly at: number;
}

const RETRY_MS = 50;

/** Lists, watches, and lists again whenever the watch ends, so that no change stays unseen for good. */
export class Watch<T extends KubeObject> {
  readonly #connection: Connection;
  readonly #path: string;
  readonly #selector: string;
  readonly #onEvent: (event: WatchEvent<T>) => void;
  readonly #closing = new AbortController();
  readonly #known = new Map<string, T>();

  constructor(connection: Connection, path: string, labelSelector: string, onEvent: (event: WatchEvent<T>) => void) {
    this.#connection = connection;
    this.#path = path;
    this.#selector = labelSelector === '' ? '' : `&labelSelector=${encodeURIComponent(labelSelector)}`;
    this.#onEvent = onEvent;
    void this.#run();
  }

  /** What there is now, as far as is known. */
  get objects(): Iterable<T> {
    return this.#known.values();
  }

  close(): void {
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#follow(await this.#list());
      } catch {
        // The API server is away, or the version is too old for it: the list tells what is.
        await sleep(RETRY_MS);
      }
    }
  }

  async #list(): Promise<string> {
    const list = (await this.#connection.json('GET', `${this.#path}?limit=0${this.#selector}`)) as {
      metadata: { resourceVersion: string };
      items: T[];
    };
    const gone = new Set(this.#known.keys());
    for (const object of list.items) {
      gone.delete(key(object));
      const before = this.#known.get(key(object));
      if (before?.metadata.resourceVersion === object.metadata.resourceVersion) continue;
      this.#tell(before === undefined ? 'ADDED' : 'MODIFIED', object);
    }
    for (const name of gone) {
      const object = this.#known.get(name);
      if (object !== undefined) this.#tell('DELETED', object);
    }
    return list.metadata.resourceVersion;
  }

  async #follow(version: string): Promise<void> {
    const query = `watch=true&resourceVersion=${version}&allowWatchBookmarks=true${this.#selector}`;
    const stream = await this.#connection.stream(`${this.#path}?${query}`, this.#closing.signal);
    let rest = '';
    stream.setEncoding('utf8');
    for await (const chunk of stream) {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const { type, object } = JSON.parse(line) as { type: string; object: T };
        if (type === 'ERROR') throw new Error('the watch is over');
        if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') this.#tell(type, object);
      }
    }
  }

  #tell(type: WatchEvent<T>['type'], object: T): void {
    if (this.#closing.signal.aborted) return;
    if (type === 'DELETED') this.#known.delete(key(object));
    else this.#known.set(key(object), object);
    this.#onEvent({ type, object, at: now() });
  }
}

/** The uid, too: an object that was deleted and made anew under its name is another one. */
function key({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}/${metadata.uid ?? ''}`;
}
