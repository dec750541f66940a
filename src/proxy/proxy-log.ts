import { roleName } from '../routing/match.ts';
import type { Route } from '../routing/table.ts';
import type { AccessLog } from '../telemetry/access-log.ts';
import type { ConnectionRefusal, EjectionReason } from '../telemetry/layout.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Verdict, VersionPool } from '../upstream/version-pool.ts';
import type { Account } from './account.ts';
import { type CauseName, causeOf } from './causes.ts';
import type { Exchange } from './exchange.ts';

/** A failure of the same kind at the same endpoint is logged once in this time, with the number left out meanwhile. */
const REPEAT_MS = 1_000;
/** Kinds remembered; beyond it the memory starts anew. */
const MAX_KINDS = 1_000;

const REFUSED: Readonly<Record<ConnectionRefusal, string>> = {
  connections: 'a connection was reset: limits.connections is reached',
  connections_per_address: 'a connection was reset: its address has reached limits.connectionsPerAddress',
  accept_failed: 'a connection could not be accepted',
};

const REJECTED: ReadonlyMap<CauseName, string> = new Map([
  [
    'queue_full',
    'a request was rejected: every endpoint of its version has limits.requestsPerEndpoint, and limits.pending wait',
  ],
  ['pending_timeout', 'a request was rejected: every endpoint of its version stayed full for timeouts.pending'],
]);

const FAILS = 'every endpoint of a version fails: its fallback answers, if it can';
const FAILS_ALONE = 'every endpoint of a version fails, and it has no fallback: they are tried all the same';

/** What a worker writes: failures as they happen, at a bounded rate, and an access line for each request. */
export class ProxyLog {
  readonly #logger: Logger;
  readonly #accessLog: AccessLog | null;
  readonly #seen = new Map<string, { at: number; left: number }>();

  readonly #now: () => number;

  /** @param now milliseconds, monotonic. */
  constructor(logger: Logger, accessLog: AccessLog | null, now: () => number = () => performance.now()) {
    this.#logger = logger;
    this.#accessLog = accessLog;
    this.#now = now;
  }

  /** @param code of the system or of OpenSSL, or what is wrong with a response; empty: nothing more is known */
  failure({ account }: Exchange, reason: CauseName, code = ''): void {
    const { level } = causeOf(reason);
    if (!this.#logger.isLevelEnabled(level)) return;
    const version = account.version?.version;
    const suppressed = this.#suppressed(`${reason} ${account.upstreamName} ${version?.key}`);
    if (suppressed < 0) return;
    this.#logger[level](
      { reason, ...(code !== '' && { code }), ...place(account), suppressed },
      REJECTED.get(reason) ?? 'upstream failed',
    );
  }

  ejection(account: Account, reason: EjectionReason, { standing, time }: Verdict): void {
    const seconds = Math.round(time / 100) / 10;
    const what =
      standing === 'ejected'
        ? 'an endpoint failed again and again and is left out for a while'
        : 'an endpoint failed again and again and is not left out: ejection.maxShare of its version are already';
    this.#logger.warn({ reason, ...place(account), seconds }, what);
  }

  returned(account: Account): void {
    this.#logger.info(place(account), 'an endpoint that had failed answers again');
  }

  /** None of a version's endpoints is good any more, or one is again. */
  turned({ key, failing, listed }: VersionPool, routes: readonly { readonly source: Route }[]): void {
    for (const { source: route } of routes) {
      const version = route.versions.find((one) => one.key === key);
      if (version === undefined) continue;
      const fallback = version.fallback.flatMap((index) => route.versions[index]?.name ?? []);
      const where = { route: route.name, version: version.name, role: version.role };
      if (failing) this.#logger.warn({ ...where, fallback }, fallback.length === 0 ? FAILS_ALONE : FAILS);
      else if (listed) this.#logger.info(where, 'a version whose endpoints all failed answers again');
    }
  }

  /** @param detail the client's address, or the system's words. */
  connectionRefused(reason: ConnectionRefusal, detail: string): void {
    const suppressed = this.#suppressed(reason);
    if (suppressed >= 0) this.#logger.warn({ reason, detail, suppressed }, REFUSED[reason]);
  }

  /** How many of this kind were left out since the last line; -1: this one is to be left out too. */
  #suppressed(kind: string): number {
    const now = this.#now();
    const seen = this.#seen.get(kind);
    if (seen !== undefined && now - seen.at < REPEAT_MS) {
      seen.left += 1;
      return -1;
    }
    if (this.#seen.size >= MAX_KINDS) this.#seen.clear();
    this.#seen.set(kind, { at: now, left: 0 });
    return seen?.left ?? 0;
  }

  /** @param code of OpenSSL's reason (`ERR_SSL_...`) or of the system; `CLOSED`: the client went away */
  handshakeFailed(client: string, code: string): void {
    this.#logger.debug({ client, code }, 'TLS handshake failed');
  }

  access({ account, request, response }: Exchange, client: string, status: number, durationMs: number): void {
    const { decision, version } = account;
    this.#accessLog?.write({
      client,
      method: account.method,
      host: account.host,
      path: account.path,
      status,
      duration_ms: durationMs,
      bytes_in: request.bytesIn,
      bytes_out: response.bytesOut,
      route: decision.route?.name ?? '',
      version: version?.version.name ?? '',
      role: version === null ? '' : roleName(version.version),
      rule: decision.rule,
      fallback: decision.reason,
      upstream: account.upstreamName,
      reason: account.cause,
    });
  }

  /** A request that could not be read has no method, host or path that could be believed. */
  refused(client: string, cause: CauseName, durationMs: number, bytesOut: number): void {
    this.#accessLog?.write({
      client,
      method: '',
      host: '',
      path: '',
      status: causeOf(cause).status,
      duration_ms: durationMs,
      bytes_in: 0,
      bytes_out: bytesOut,
      route: '',
      version: '',
      role: '',
      rule: '',
      fallback: '',
      upstream: '',
      reason: cause,
    });
  }

  async flush(): Promise<void> {
    await this.#accessLog?.flush();
  }
}

function place({ upstreamName, decision, version }: Account) {
  return {
    upstream: upstreamName,
    route: decision.route?.name,
    version: version?.version.name,
    role: version?.version.role,
  };
}
