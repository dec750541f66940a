import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { Pool } from 'undici';
import { Chooser, type Version } from './chooser.ts';
import { VersionCounters } from './version-counters.ts';
import { readWork, serve } from './work.ts';

/*
 * A peer: what a good hand writes with node:http and undici's lowest interface: no promise, no stream between the
 * response and the client, one pass over the fields. It counts for each version what an analysis asks for; GET on
 * METRICS_PATH says it.
 */

const METRICS_PATH = '/-/metrics';
/** RFC 9110 7.6.1, and what older proxies made of it. Expect has been answered by node:http. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
]);

/** nginx's status for it. */
const CLIENT_HAS_GONE = 499;

const work = readWork();
const chooser = new Chooser(work.versions, (port) => new Pool(`http://127.0.0.1:${port}`));
const counters = new Map<string, VersionCounters>(work.versions.map(({ name }) => [name, new VersionCounters()]));

serve(work, { optimizeEmptyRequests: true }, (request, response) => {
  if (request.url === METRICS_PATH) {
    response.end([...counters].map(([name, of]) => of.exposition(name)).join(''));
    return;
  }
  const { version, fields, hasBody } = forwarded(request);
  version
    .next()
    .dispatch(
      { method: request.method ?? 'GET', path: request.url ?? '/', headers: fields, body: hasBody ? request : null },
      new Relay(response, counters.get(version.name) ?? new VersionCounters()),
    );
});

interface Forwarded {
  readonly version: Version<Pool>;
  readonly fields: string[];
  readonly hasBody: boolean;
}

/** The request's fields as the upstream gets them, and the version that they lead to. */
function forwarded({ rawHeaders, socket }: IncomingMessage): Forwarded {
  const { rules } = chooser;
  const fields: string[] = [];
  let claimed = rules.length;
  let forwardedFor = socket.remoteAddress ?? 'unknown';
  let connection: string | null = null;
  let hasBody = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const value = rawHeaders[index + 1] ?? '';
    const lower = name.toLowerCase();
    if (lower === 'content-length' || lower === 'transfer-encoding') hasBody = true;
    if (lower === 'connection') connection = value.toLowerCase();
    if (lower === 'x-forwarded-for') forwardedFor = `${value}, ${forwardedFor}`;
    else if (!OF_THE_CONNECTION.has(lower)) fields.push(name, value);
    // Of two rules that claim it, the first wins, in whatever order the fields came.
    for (let rule = 0; rule < claimed; rule += 1) {
      if (rules[rule]?.header === lower && rules[rule]?.value === value) claimed = rule;
    }
  }
  fields.push('X-Forwarded-For', forwardedFor);
  return { version: rules[claimed]?.version ?? chooser.byWeight(), fields: without(fields, connection), hasBody };
}

/** What a Connection field names goes no further either (RFC 9110 7.6.1). */
function without(fields: string[], connection: string | null): string[] {
  if (connection === null || connection === 'keep-alive' || connection === 'close') return fields;
  const named = new Set(connection.split(',').map((option) => option.trim()));
  return fields.filter((_, index) => !named.has((fields[index - (index % 2)] ?? '').toLowerCase()));
}

/** Passes one response on, at the pace of the client. */
class Relay implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  readonly #counters: VersionCounters;
  readonly #begun = performance.now();
  #controller: Dispatcher.DispatchController | null = null;

  constructor(response: ServerResponse, of: VersionCounters) {
    this.#response = response;
    this.#counters = of;
    response.on('close', () => {
      if (!response.writableFinished) this.#controller?.abort(new Error('the client has gone'));
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#response.destroyed) controller.abort(new Error('the client has gone'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // Interim responses are for node:http to make.
    if (status < 200) return;
    const fields: string[] = [];
    for (const name in headers) {
      const value = headers[name];
      if (value === undefined || OF_THE_CONNECTION.has(name)) continue;
      if (typeof value === 'string') fields.push(name, value);
      else for (const one of value) fields.push(name, one);
    }
    this.#response.writeHead(status, without(fields, headers.connection?.toLowerCase() ?? null));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#response.write(chunk)) return;
    controller.pause();
    this.#response.once('drain', () => controller.resume());
  }

  onResponseEnd(): void {
    this.#response.end();
    this.#counters.count(this.#response.statusCode, performance.now() - this.#begun);
  }

  onResponseError(): void {
    const status = this.#response.destroyed ? CLIENT_HAS_GONE : 502;
    if (!this.#response.headersSent) this.#response.writeHead(502).end();
    else this.#response.destroy();
    this.#counters.count(status, performance.now() - this.#begun);
  }
}
