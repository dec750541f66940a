import { REQUEST_REASONS, type RequestReason } from '../http1/reason.ts';
import type { RejectionReason, UpstreamFailureReason } from '../telemetry/layout.ts';

/** How loud an answer that Headgate makes itself is in the log. */
type Level = 'debug' | 'info' | 'warn';

/** Why Headgate answered instead of a version: the one word in the body, in the access log and in the messages. */
export type CauseName = RequestReason | LocalCause | UpstreamFailureReason;

type LocalCause =
  | 'no_route'
  | 'no_endpoints'
  | RejectionReason
  | 'request_timeout'
  | 'request_truncated'
  | 'plain_http'
  | 'max_forwards'
  | 'too_many_hops'
  | 'client_closed'
  | 'tunnel_timeout'
  | 'internal';

/**
 * The statuses of Headgate's own answers, with their phrases (https://www.iana.org/assignments/http-status-codes). Those of node:http are not
 * taken, since workers need nothing else of it.
 */
const PHRASES = {
  101: 'Switching Protocols',
  200: 'OK',
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  431: 'Request Header Fields Too Large',
  499: 'Client Closed Request',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
  508: 'Loop Detected',
} as const;

type Status = keyof typeof PHRASES;

export interface Cause {
  readonly name: CauseName;
  readonly status: Status;
  readonly level: Level;
}

/** Upstream failures are charged to a version in `upstream_failures_total`; RFC 9110 15.6.3 and 15.6.5 give the statuses. */
const UPSTREAM: Record<UpstreamFailureReason, Status> = {
  connect_refused: 502,
  connect_timeout: 504,
  connect_error: 502,
  tls_error: 502,
  reset: 502,
  truncated: 502,
  bad_response: 502,
  response_timeout: 504,
  idle_timeout: 504,
};

const LOCAL: Record<LocalCause, readonly [status: Status, level: Level]> = {
  no_route: [404, 'debug'],
  no_endpoints: [503, 'warn'],
  queue_full: [503, 'warn'],
  pending_timeout: [503, 'warn'],
  request_timeout: [408, 'debug'],
  request_truncated: [400, 'debug'],
  // nginx has 497 for it, which no client knows.
  plain_http: [400, 'debug'],
  max_forwards: [200, 'debug'],
  // RFC 5842 7.2: 508 Loop Detected.
  too_many_hops: [508, 'warn'],
  // nginx's code for a client that left; it is counted and logged, never sent.
  client_closed: [499, 'debug'],
  // A tunnel has had its 101; this tells the access log why it was cut.
  tunnel_timeout: [101, 'debug'],
  internal: [500, 'warn'],
};

/** The one table from cause to status and log level. */
const CAUSES: ReadonlyMap<string, Cause> = new Map<string, Cause>([
  ...Object.entries(REQUEST_REASONS).map(([name, status]) => entry(name as RequestReason, status, 'debug')),
  ...Object.entries(LOCAL).map(([name, [status, level]]) => entry(name as LocalCause, status, level)),
  ...Object.entries(UPSTREAM).map(([name, status]) => entry(name as UpstreamFailureReason, status, 'warn')),
]);

function entry(name: CauseName, status: Status, level: Level): [string, Cause] {
  return [name, Object.freeze({ name, status, level })];
}

const INTERNAL: Cause = Object.freeze({ name: 'internal', status: 500, level: 'warn' });

export function causeOf(name: CauseName): Cause {
  return CAUSES.get(name) ?? INTERNAL;
}

/** `404 Not Found`. */
export function statusLine(status: Status): string {
  return `${status} ${PHRASES[status]}`;
}
