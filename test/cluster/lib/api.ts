import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { now } from '../load/clock.ts';
import { ApiError } from './api-error.ts';
import type { Connection } from './connection.ts';
import type { Kind, Kinds } from './objects.ts';
import { collection, RESOURCES, type Resource } from './resources.ts';
import { Watch, type WatchEvent } from './watch.ts';

/** An object as it is written: anything with a kind and a name. */
export type Manifest = Readonly<Record<string, unknown>>;

/** YAML of one or many documents, objects, or a list of both. */
export type Manifests = string | Manifest | readonly (string | Manifest)[];

export interface WatchOptions {
  readonly labelSelector?: string;
  /** Of all namespaces. */
  readonly everywhere?: boolean;
}

/** The API of Kubernetes as the scenarios need it, bound to one namespace. Every method throws ApiError. */
export class Api {
  readonly namespace: string;
  readonly #connection: Connection;
  readonly #discovered: Map<string, Resource>;
  readonly #change: (manifest: Manifest) => Manifest;

  /** `change` is called with each object before it is applied; what it returns is applied instead. */
  constructor(
    connection: Connection,
    namespace = 'default',
    change = (manifest: Manifest) => manifest,
    discovered = new Map<string, Resource>(),
  ) {
    this.#connection = connection;
    this.namespace = namespace;
    this.#change = change;
    this.#discovered = discovered;
  }

  /** The same for another namespace. */
  in(namespace: string): Api {
    return new Api(this.#connection, namespace, this.#change, this.#discovered);
  }

  async get<K extends Kind>(kind: K, name: string): Promise<Kinds[K]> {
    return (await this.#connection.json('GET', this.#path(kind, name))) as Kinds[K];
  }

  /** Null when there is none. */
  async find<K extends Kind>(kind: K, name: string): Promise<Kinds[K] | null> {
    try {
      return await this.get(kind, name);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }

  async list<K extends Kind>(kind: K, labelSelector = ''): Promise<readonly Kinds[K][]> {
    const path = `${this.#path(kind)}?labelSelector=${encodeURIComponent(labelSelector)}`;
    const { items } = (await this.#connection.json('GET', path)) as { items: Kinds[K][] };
    return items;
  }

  /**
   * Creates or changes what the YAML or the objects say, as `kubectl apply --server-side` does. Objects that name no
   * namespace go into this one. Resolves with their names.
   */
  async apply(manifests: Manifests): Promise<readonly string[]> {
    const names: string[] = [];
    for (const manifest of documents(manifests)) {
      const { path, name, object } = await this.#locate(this.#change(manifest));
      names.push(name);
      await this.#connection.json(
        'PATCH',
        `${path}?fieldManager=cluster-test&force=true`,
        object,
        'application/apply-patch+yaml',
      );
    }
    return names;
  }

  /** A merge patch, of the object or of its subresource. */
  async patch<K extends Kind>(kind: K, name: string, patch: Manifest, subresource = ''): Promise<Kinds[K]> {
    const path = `${this.#path(kind, name)}${subresource === '' ? '' : `/${subresource}`}`;
    return (await this.#connection.json('PATCH', path, patch, 'application/merge-patch+json')) as Kinds[K];
  }

  /** Deletes it; that it is gone already is fine. Does not wait. */
  async delete(
    kind: Kind,
    name: string,
    options: { readonly gracePeriodSeconds?: number; readonly uid?: string } = {},
  ): Promise<void> {
    const { uid, ...rest } = options;
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
      ...rest,
      ...(uid === undefined ? {} : { preconditions: { uid } }),
    };
    try {
      await this.#connection.json('DELETE', this.#path(kind, name), body);
    } catch (error) {
      if (!(error instanceof ApiError && (error.status === 404 || error.status === 409))) throw error;
    }
  }

  /** Any request. `path` begins at the root of the API. */
  async raw(method: string, path: string, body?: Manifest): Promise<unknown> {
    return this.#connection.json(method, path, body);
  }

  /** Sends an object to a subresource, as Bindings and TokenRequests are. */
  async post(kind: Kind, name: string, subresource: string, body: Manifest): Promise<unknown> {
    return this.#connection.json('POST', `${this.#path(kind, name)}/${subresource}`, body);
  }

  /**
   * Tells of everything that there is and of every change, with the moment at which it arrived, until it is closed.
   * It outlives an API server: afterwards it tells of what has changed meanwhile.
   */
  watch<K extends Kind>(
    kind: K,
    onEvent: (event: WatchEvent<Kinds[K]>) => void,
    options: WatchOptions = {},
  ): Watch<Kinds[K]> {
    const path = collection(RESOURCES[kind], options.everywhere === true ? null : this.namespace);
    return new Watch(this.#connection, path, options.labelSelector ?? '', onEvent);
  }

  /**
   * Resolves with the first state of the object of which `holds` is true, as the watch tells it.
   * @throws Error with the last state after `timeoutMs`
   */
  async until<K extends Kind>(
    kind: K,
    name: string,
    what: string,
    holds: (object: Kinds[K]) => boolean,
    timeoutMs = 60_000,
  ): Promise<Kinds[K]> {
    const reached = Promise.withResolvers<Kinds[K]>();
    let last: Kinds[K] | null = null;
    const watch = this.watch(kind, ({ type, object }) => {
      if (object.metadata.name !== name) return;
      last = type === 'DELETED' ? null : object;
      if (type !== 'DELETED' && holds(object)) reached.resolve(object);
    });
    const deadline = setTimeout(() => {
      const state = JSON.stringify(last === null ? null : { ...last, metadata: undefined, spec: undefined });
      reached.reject(new Error(`${kind} ${name}: not ${what} within ${timeoutMs / 1000} s; last seen: ${state}`));
    }, timeoutMs);
    try {
      return await reached.promise;
    } finally {
      clearTimeout(deadline);
      watch.close();
    }
  }

  /** Tries until it does not throw. @throws what was thrown last, after `timeoutMs` */
  async retry<T>(action: () => Promise<T>, timeoutMs = 20_000): Promise<T> {
    const deadline = now() + timeoutMs;
    for (;;) {
      try {
        return await action();
      } catch (error) {
        if (now() > deadline) throw error;
        await sleep(100);
      }
    }
  }

  #path(kind: Kind, name = ''): string {
    const path = collection(RESOURCES[kind], this.namespace);
    return name === '' ? path : `${path}/${name}`;
  }

  async #locate(manifest: Manifest): Promise<{ path: string; name: string; object: Manifest }> {
    const { apiVersion, kind, metadata } = manifest as {
      apiVersion: string;
      kind: string;
      metadata: { name: string; namespace?: string };
    };
    const resource = await this.#resource(apiVersion, kind);
    const namespace = metadata.namespace ?? this.namespace;
    const object = resource.namespaced ? { ...manifest, metadata: { ...metadata, namespace } } : manifest;
    return { path: `${collection(resource, namespace)}/${metadata.name}`, name: metadata.name, object };
  }

  async #resource(apiVersion: string, kind: string): Promise<Resource> {
    const key = `${apiVersion} ${kind}`;
    const known =
      this.#discovered.get(key) ??
      Object.entries(RESOURCES).find(([name, { apiVersion: version }]) => name === kind && version === apiVersion)?.[1];
    if (known !== undefined) return known;
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const { resources } = (await this.#connection.json('GET', root)) as {
      resources: { name: string; kind: string; namespaced: boolean }[];
    };
    const found = resources.find((resource) => resource.kind === kind && !resource.name.includes('/'));
    if (found === undefined) throw new Error(`the API server knows no ${kind} in ${apiVersion}`);
    const resource = { apiVersion, plural: found.name, namespaced: found.namespaced };
    this.#discovered.set(key, resource);
    return resource;
  }
}

function documents(manifests: Manifests): readonly Manifest[] {
  if (Array.isArray(manifests)) return manifests.flatMap((each) => documents(each));
  if (typeof manifests !== 'string') return [manifests as Manifest];
  return parseAllDocuments(manifests).flatMap((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    const object: Manifest | null = document.toJS();
    return object === null ? [] : [object];
  });
}
