import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Test } from 'tap';

export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** A request that came. */
export interface Asked {
  readonly resource: string;
  readonly namespace: string | null;
  readonly watch: boolean;
  readonly query: URLSearchParams;
  readonly authorization: string;
}

/** Answers in place of the server. */
type Script = (asked: Asked, response: ServerResponse) => void;

interface Watcher {
  readonly asked: Asked;
  readonly response: ServerResponse;
  silent: boolean;
}

interface Recorded {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: ApiObject;
}

const RESOURCES: Readonly<Record<string, string>> = {
  rollouts: 'Rollout',
  experiments: 'Experiment',
  services: 'Service',
  pods: 'Pod',
};

/** As much of a Kubernetes API server as lists and watches need, with faults on demand. */
export class KubernetesApi {
  readonly asked: Asked[] = [];
  /** Names in the certificates that clients have shown. */
  readonly clients = new Set<string>();
  /** Objects of a page at most, whatever the client asks for. */
  pageSize = 500;
  readonly #server;
  readonly #secure: boolean;
  readonly #sockets = new Set<Socket>();
  readonly #objects = new Map<string, ApiObject>();
  readonly #events: Recorded[] = [];
  readonly #scripts: { readonly matches: (asked: Asked) => boolean; readonly script: Script; left: number }[] = [];
  readonly #watchers = new Set<Watcher>();
  readonly #waiting = new Set<() => void>();
  #version = 100;
  #forgotten = 0;
  #port = 0;

  constructor(tls: { readonly key: string; readonly cert: string; readonly ca?: string } | null = null) {
    const listener = (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response);
    this.#secure = tls !== null;
    this.#server =
      tls === null
        ? createServer(listener)
        : createSecureServer({ ...tls, requestCert: tls.ca !== undefined, rejectUnauthorized: false }, listener);
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        this.#changed();
      });
    });
  }

  /** A server that listens, until the test ends. */
  static async start(t: Test, tls: ConstructorParameters<typeof KubernetesApi>[0] = null): Promise<KubernetesApi> {
    const api = new KubernetesApi(tls);
    await api.listen();
    t.teardown(() => api.close());
    return api;
  }

  get url(): string {
    return `${this.#secure ? 'https' : 'http'}://127.0.0.1:${this.#port}`;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  get watches(): readonly Asked[] {
    return [...this.#watchers].map(({ asked }) => asked);
  }

  /** At the same port as before. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    this.#port = typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** As kill -9 does it: nothing listens, and connections are reset. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.drop();
    await closed;
  }

  /** Cuts all connections. */
  drop(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Creates or changes. */
  put(object: object): void {
    const before = asObject(object);
    const key = keyOf(before);
    const type = this.#objects.has(key) ? 'MODIFIED' : 'ADDED';
    const stored = this.#stamp(before);
    this.#objects.set(key, stored);
    this.#record(type, stored);
  }

  remove(kind: string, name: string, namespace = 'shop'): void {
    const key = keyOf({ apiVersion: '', kind, metadata: { name, namespace } });
    const object = this.#objects.get(key);
    if (object === undefined) throw new Error(`no ${key}`);
    this.#objects.delete(key);
    this.#record('DELETED', this.#stamp(object));
  }

  /** Forgets the history: a watch from any version before this moment is told 410. */
  compact(): void {
    this.#version += 1;
    this.#forgotten = this.#version;
  }

  bookmark(): void {
    for (const { asked, response } of this.#watchers) {
      const metadata = { resourceVersion: String(this.#version) };
      const object = { kind: RESOURCES[asked.resource], apiVersion: 'v1', metadata };
      response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
    }
  }

  /** The watches that are open now are held but get nothing any more. */
  silence(): void {
    for (const watcher of this.#watchers) watcher.silent = true;
  }

  /** Ends the watches in good order, as their timeout does. */
  endWatches(): void {
    for (const { response } of this.#watchers) response.end();
    this.#watchers.clear();
  }

  /** To the open watches of a resource, as it is. */
  send(resource: string, bytes: string | Buffer): void {
    for (const { asked, response } of this.#watchers) if (asked.resource === resource) response.write(bytes);
  }

  /** The next `times` requests that match are answered so. Later scripts come first. */
  script(matches: (asked: Asked) => boolean, script: Script, times = Number.POSITIVE_INFINITY): { stop(): void } {
    const entry = { matches, script, left: times };
    this.#scripts.unshift(entry);
    return {
      stop: () => {
        entry.left = 0;
      },
    };
  }

  /** Resolves when it is so; looked at whenever something was asked or a connection has ended. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #changed(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #stamp(object: ApiObject): ApiObject {
    this.#version += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
  }

  #record(type: Recorded['type'], object: ApiObject): void {
    const event = { version: this.#version, type, object };
    this.#events.push(event);
    for (const watcher of this.#watchers) if (!watcher.silent) deliver(watcher, event);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const asked = parseRequest(request);
    if (request.socket instanceof TLSSocket && request.socket.authorized) {
      this.clients.add(String(request.socket.getPeerCertificate().subject.CN));
    }
    this.asked.push(asked);
    this.#changed();
    const scripted = this.#scripts.find(({ matches, left }) => left > 0 && matches(asked));
    if (scripted !== undefined) {
      scripted.left -= 1;
      scripted.script(asked, response);
    } else if (asked.watch) this.#watch(asked, response);
    else this.#list(asked, response);
  }

  #list(asked: Asked, response: ServerResponse): void {
    const all = [...this.#objects.values()]
      .filter((object) => concerns(asked, object))
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const from = Number(asked.query.get('continue') ?? 0);
    const size = Math.min(Number(asked.query.get('limit') ?? 500), this.pageSize);
    const metadata = {
      resourceVersion: String(this.#version),
      ...(from + size < all.length && { continue: String(from + size) }),
    };
    const items = all.slice(from, from + size).map((object) => ({ ...object, apiVersion: undefined, kind: undefined }));
    const body = { kind: `${RESOURCES[asked.resource]}List`, apiVersion: 'v1', metadata, items };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  }

  #watch(asked: Asked, response: ServerResponse): void {
    response.setHeader('content-type', 'application/json');
    response.flushHeaders();
    const from = Number(asked.query.get('resourceVersion'));
    if (from < this.#forgotten) {
      response.end(errorEvent(410, 'Expired', `too old resource version: ${from} (${this.#forgotten})`));
      return;
    }
    const watcher = { asked, response, silent: false };
    for (const event of this.#events) if (event.version > from) deliver(watcher, event);
    this.#watchers.add(watcher);
    response.on('close', () => {
      this.#watchers.delete(watcher);
      this.#changed();
    });
    this.#changed();
  }
}

/** Answers with a Status. */
export function status(code: number, reason: string, message: string, headers: Record<string, string> = {}): Script {
  return (_asked, response) => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code }));
  };
}

export function errorEvent(code: number, reason: string, message: string): string {
  const object = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code };
  return `${JSON.stringify({ type: 'ERROR', object })}\n`;
}

function deliver({ asked, response }: Watcher, { type, object }: Recorded): void {
  if (concerns(asked, object)) response.write(`${JSON.stringify({ type, object })}\n`);
}

function concerns(asked: Asked, { kind, metadata }: ApiObject): boolean {
  const selector = asked.query.get('labelSelector');
  const { labels } = metadata;
  const labelled = typeof labels === 'object' && labels !== null ? Object.keys(labels) : [];
  return (
    RESOURCES[asked.resource] === kind &&
    (asked.namespace === null || asked.namespace === metadata.namespace) &&
    (selector === null || labelled.includes(selector))
  );
}

function parseRequest({ url = '', headers }: IncomingMessage): Asked {
  const { pathname, searchParams } = new URL(url, 'http://api');
  const [, namespace = null, resource = ''] =
    /^\/(?:api|apis\/argoproj\.io)\/[^/]+(?:\/namespaces\/([^/]+))?\/([a-z]+)$/.exec(pathname) ?? [];
  return {
    resource,
    namespace,
    watch: searchParams.get('watch') === 'true',
    query: searchParams,
    authorization: headers.authorization ?? '',
  };
}

function keyOf({ kind, metadata }: ApiObject): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}

function asObject(object: object): ApiObject {
  if ('kind' in object && 'metadata' in object) return object as ApiObject;
  throw new Error('no Kubernetes object');
}
