import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Reply } from '../analysis/analysis.ts';
import { nodeHttp } from '../common/node-builtins.ts';
import type { ListenAddress } from '../config/config.ts';
import { type DashboardFile, dashboardFile } from './dashboard-files.ts';
import { expositionFormat } from './exposition-format.ts';
import { hostRefusal } from './host-guard.ts';
import { ListenError } from './listen-error.ts';
import { parseLiveQuery } from './live-query.ts';
import { liveView } from './live-view.ts';
import { PAGE_HEADERS } from './page-headers.ts';
import type { AdminState, ExplainQuery } from './state.ts';
import { tableView } from './table-view.ts';

export interface AdminOptions {
  readonly listen: ListenAddress;
  readonly state: AdminState;
  /** Told of an endpoint that threw; its client gets 500. */
  readonly onError?: (error: unknown, path: string) => void;
  /** Milliseconds in which nothing moves on a connection until it is closed: above all one whose client reads no answer. Default 30 s. */
  readonly stalledMs?: number;
}

export interface AdminServer {
  readonly address: string;
  readonly port: number;
  /** Takes no more connections, lets answers end for a second, then cuts them. */
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | readonly Uint8Array[];
  /** Besides those that every answer has. */
  readonly headers?: Readonly<Record<string, string>>;
}

const CLOSE_GRACE_MS = 1000;
const LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 60_000,
} as const;
/** Probes, a few Prometheus servers, people. */
const MAX_CONNECTIONS = 256;
const STALLED_MS = 30_000;
/** Answers that may be of several megabytes, being made or sent. More would pile up in memory; a scrape comes again. */
const MAX_LARGE = 8;
/** Verdicts wait for other replicas, so they have places of their own; and so have the answers that those wait for. */
const MAX_ANALYSES = 64;
const LARGE = 'large';
const OWN_PLACES: ReadonlySet<string> = new Set(['/api/analysis', '/api/analysis/blocks']);

/** @param accept the request's header field of that name, empty without one */
type Endpoint = (state: AdminState, query: URLSearchParams, accept: string) => Answer | Promise<Answer>;

/** Each path and what it answers to GET. */
const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/livez': () => line(200, 'ok'),
  '/readyz': ready,
  '/health': ready,
  '/metrics': async (state, _query, accept) => ({ status: 200, ...(await state.metrics(expositionFormat(accept))) }),
  '/api/table': (state) => json(tableView(state.table())),
  '/api/explain': (state, query) => {
    const parsed = explainQuery(query);
    return typeof parsed === 'string' ? line(400, parsed) : json(state.explain(parsed));
  },
  '/api/live': (state, query) => {
    const parsed = parseLiveQuery(query);
    if (typeof parsed === 'string') return line(400, parsed);
    const view = liveView(parsed, state.live(), state.table(), state.unready());
    return { ...json(view), body: JSON.stringify(view) };
  },
  '/api/analysis': async (state, query) => replied(await state.analysis(query)),
  '/api/analysis/blocks': (state, query) => replied(state.analysisBlocks(query)),
};
/** Without anything that a web site could want. */
const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz', '/health']);

/** Rejects with a `ListenError`. */
export async function startAdmin(options: AdminOptions): Promise<AdminServer> {
  const { listen, state, onError, stalledMs = STALLED_MS } = options;
  let closing = false;
  const busy = new Map<string, number>();
  const server = nodeHttp().createServer(LIMITS, (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    const place = placeOf(path);
    if (place !== null) {
      const taken = busy.get(place) ?? 0;
      if (taken >= (place === LARGE ? MAX_LARGE : MAX_ANALYSES)) {
        send(request, response, line(503, 'busy with as many answers of this kind as may be at a time'), closing);
        return;
      }
      busy.set(place, taken + 1);
      response.once('close', () => busy.set(place, (busy.get(place) ?? 0) - 1));
    }
    answer(request, path, state)
      .catch((error: unknown) => {
        onError?.(error, path);
        return line(500, 'internal error; the log has more');
      })
      .then((result) => send(request, response, result, closing))
      .catch((error: unknown) => {
        onError?.(error, path);
        response.destroy();
      });
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.timeout = stalledMs;
  const bound = await open(server, listen);
  server.on('error', (error) => onError?.(error, ''));
  return {
    ...bound,
    close: () => {
      closing = true;
      return shut(server);
    },
  };
}

/** Which answers share their places with this one; null: there is always one. */
function placeOf(path: string): string | null {
  if (OWN_PLACES.has(path)) return path;
  return path === '/metrics' || path.startsWith('/api/') ? LARGE : null;
}

async function answer(request: IncomingMessage, path: string, state: AdminState): Promise<Answer> {
  const refusal = PROBES.has(path) ? null : hostRefusal(request.socket.localAddress, request.headers.host);
  if (refusal !== null) return line(403, refusal);
  const handle = handlerOf(request, path, state);
  if (handle === null) return line(404, `not found; there are / ${Object.keys(ENDPOINTS).join(' ')}`);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { ...line(405, 'only GET and HEAD'), headers: { allow: 'GET, HEAD' } };
  }
  return handle();
}

/** Null: there is nothing at this path. */
function handlerOf(request: IncomingMessage, path: string, state: AdminState): (() => Answer | Promise<Answer>) | null {
  const endpoint = Object.hasOwn(ENDPOINTS, path) ? ENDPOINTS[path] : undefined;
  if (endpoint !== undefined) {
    const query = new URLSearchParams(request.url?.slice(path.length + 1));
    return () => endpoint(state, query, request.headers.accept ?? '');
  }
  const file = dashboardFile(path);
  return file === null ? null : async () => pageFile(await file, request.headers['if-none-match']);
}

function send(request: IncomingMessage, response: ServerResponse, result: Answer, closing: boolean): void {
  const { status, contentType, headers } = result;
  const pieces = typeof result.body === 'string' ? [Buffer.from(result.body)] : result.body;
  const length = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  // Nothing here takes a body, so one that comes is not waited for.
  const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > 0;
  if (closing || hasBody) response.setHeader('connection', 'close');
  response.writeHead(status, {
    // RFC 9110 8.6: a 304 would have to say the length of what it does not send.
    ...(status === 304 ? {} : { 'content-type': contentType, 'content-length': length }),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    server: 'headgate',
    ...headers,
  });
  response.cork();
  for (const piece of pieces) response.write(piece);
  response.end();
}

/** The page's files are asked for again each time, and sent when they are others than before. */
function pageFile({ contentType, body, etag }: DashboardFile, known: string | undefined): Answer {
  const headers = { ...PAGE_HEADERS, etag };
  const same = known?.split(',').some((one) => one.trim() === etag) === true;
  return { status: same ? 304 : 200, contentType, body: same ? '' : [body], headers };
}

function ready(state: AdminState): Answer {
  const reason = state.unready();
  return reason === null ? line(200, 'ok') : line(503, reason);
}

function line(status: number, text: string): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${text}\n` };
}

function json(value: unknown): Answer {
  return { status: 200, contentType: 'application/json', body: `${JSON.stringify(value, null, 2)}\n` };
}

function replied({ status, body }: Reply<object>): Answer {
  return typeof body === 'string' ? line(status, body) : json(body);
}

/** A string says what is wrong with it. */
function explainQuery(query: URLSearchParams): ExplainQuery | string {
  const path = query.get('path') ?? '/';
  if (!path.startsWith('/')) return 'path must begin with /';
  const headers: [string, string][] = [];
  for (const header of query.getAll('header')) {
    const colon = header.indexOf(':');
    if (colon < 1) return `header must be name:value, not ${JSON.stringify(header)}`;
    headers.push([header.slice(0, colon).trim().toLowerCase(), header.slice(colon + 1).trim()]);
  }
  return { host: query.get('host') ?? '', path, headers };
}

function open(server: Server, listen: ListenAddress): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new ListenError(listen, error)));
    server.listen(listen.port, listen.address, () => {
      const bound = server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : listen.port;
      resolve({ address: listen.address, port });
    });
  });
}

function shut(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
  });
}
