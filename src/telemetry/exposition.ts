import { collectDefaultMetrics, Registry } from 'prom-client';
import type { RoutingTable } from '../routing/table.ts';
import { type Block, type Counted, sum } from './blocks.ts';
import type { SeriesRegistry } from './counters.ts';
import { type SeriesLabels, seriesKey, seriesLabels } from './keys.ts';
import {
  ATTEMPT_BASE,
  ATTEMPT_OUTCOMES,
  CONNECTION_REFUSALS,
  CONNECTIONS_ACCEPTED,
  CONNECTIONS_OPEN,
  CONNECTIONS_REFUSED_BASE,
  DURATION_BOUNDS,
  DURATION_BUCKETS,
  DURATION_SUM,
  EJECTION_BASE,
  EJECTION_REASONS,
  ENDPOINTS_EJECTED,
  FAILURE_BASE,
  FALLBACK_COUNT,
  FIRST_STATUS,
  IN_FLIGHT,
  LAST_STATUS,
  PENDING,
  REJECTION_BASE,
  REJECTION_REASONS,
  RETRY_BASE,
  RETRY_REASONS,
  RETRY_REFUSED_BASE,
  STATUS_BASE,
  TABLE_GENERATION,
  TLS_HANDSHAKE_FAILURES,
  UPSTREAM_FAILURE_REASONS,
} from './layout.ts';
import { ReadCounter, ReadGauge, ReadHistogram, type Sample } from './prom.ts';

/** What health checks have found of a version. */
export interface HealthSample {
  readonly labels: SeriesLabels;
  /** Checks with that result. */
  readonly success: number;
  readonly failure: number;
  /** Endpoints that are unhealthy now. */
  readonly unhealthy: number;
}

/** What the main thread knows at the moment of a scrape. */
export interface ProcessState {
  /** Null: there is none yet. */
  readonly table: RoutingTable | null;
  /** The source has delivered all that it found at start. */
  readonly sourceSynced: boolean;
  /** Unix time in seconds; 0: never. */
  readonly sourceLastEventSeconds: number;
  /** The source's `kind`; none: there is no source. */
  readonly sourceKind: string;
  readonly configReloadSuccessful: boolean;
  readonly workersRestarted: number;
  /** Of the versions of routes with a health check. */
  readonly health: readonly HealthSample[];
  /** Number of problems that there are now. */
  readonly problems: number;
  /** When each certificate of a listener ends, in milliseconds since 1970, by its file. */
  readonly certificates: ReadonlyMap<string, number>;
}

export interface ExpositionOptions {
  readonly registry: SeriesRegistry;
  readonly state: () => ProcessState;
  /** `headgate_` unless the configuration says otherwise. */
  readonly prefix: string;
  /** Adds `http_requests_total` and `http_request_duration_seconds`. */
  readonly httpAlias: boolean;
  /** Headgate's own version. */
  readonly version: string;
}

/** Shown at 0 before the first request, so that a query for them has an answer (design section 6). */
const STATUSES_AT_ZERO: ReadonlySet<number> = new Set([200, 404, 500, 502, 503, 504]);
/** The same for requests that reached no version: the answers that Headgate itself gives. */
const UNROUTED_AT_ZERO: ReadonlySet<number> = new Set([400, 404, 408, 414, 417, 431, 501, 503, 505]);
const UNROUTED: SeriesLabels = { route: '', namespace: '', rollout: '', experiment: '', role: '', version: '' };

/** `http_requests_total` and `http_request_duration_seconds`: the names in AnalysisTemplates found in the wild. */
const HTTP_ALIAS = 'http_';

/** prom-client's own that break Prometheus' naming rules: gauges named `_total`. Each has a successor without. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** How often the lag of the main thread's event loop is sampled. prom-client's 10 would wake an idle process 100 times a second. */
const LAG_RESOLUTION_MS = 100;

/** The text that Prometheus scrapes. Sums the workers' blocks when asked; nothing is kept up to date in between. */
export class Exposition {
  readonly #register = new Registry();
  readonly #registry: SeriesRegistry;
  readonly #state: () => ProcessState;

  constructor({ registry, state, prefix, httpAlias, version }: ExpositionOptions) {
    this.#registry = registry;
    this.#state = state;
    this.#addRequests(prefix);
    if (httpAlias && prefix !== HTTP_ALIAS) this.#addRequests(HTTP_ALIAS);
    this.#addVersions(prefix);
    this.#addProcess(prefix, version);
    collectDefaultMetrics({ register: this.#register, eventLoopMonitoringPrecision: LAG_RESOLUTION_MS });
    for (const name of MISNAMED) this.#register.removeSingleMetric(name);
  }

  /** The value of the response's content-type. */
  get contentType(): string {
    return this.#register.contentType;
  }

  text(): Promise<string> {
    return this.#register.metrics();
  }

  #addRequests(prefix: string): void {
    this.#counter(`${prefix}requests_total`, 'Requests answered, by the version that answered and the status.', () => [
      ...this.#registry.series().flatMap((series) => statusSamples(series, STATUSES_AT_ZERO)),
      ...statusSamples({ labels: UNROUTED, blocks: this.#registry.workers() }, UNROUTED_AT_ZERO),
    ]);
    const duration = `${prefix}request_duration_seconds`;
    this.#register.registerMetric(
      new ReadHistogram({
        name: duration,
        help: 'Time from the first byte of the request head to the last byte of the response.',
        read: () => this.#registry.series().flatMap((series) => durationSamples(duration, series)),
      }),
    );
  }

  #addVersions(prefix: string): void {
    this.#gauge(`${prefix}requests_in_flight`, 'Requests that have begun and not ended.', () =>
      this.#registry.series().map((series) => slotSample(series, IN_FLIGHT)),
    );
    this.#counter(
      `${prefix}attempts_total`,
      'Attempts to have a request answered by the version, by how they ended; also those that no client has seen.',
      () =>
        this.#registry.series().flatMap((series) =>
          ATTEMPT_OUTCOMES.map((outcome, index) => ({
            labels: { outcome },
            sharedLabels: series.labels,
            value: sum(series, ATTEMPT_BASE + index),
          })),
        ),
    );
    this.#counter(`${prefix}upstream_failures_total`, 'Failed exchanges with an endpoint of the version.', () =>
      this.#registry.series().flatMap((series) => reasonSamples(series, FAILURE_BASE, UPSTREAM_FAILURE_REASONS)),
    );
    this.#counter(
      `${prefix}retries_total`,
      'Requests that failed at the version and were sent once more: to it again, or to the version that falls in for it.',
      () => this.#registry.series().flatMap((series) => reasonSamples(series, RETRY_BASE, RETRY_REASONS)),
    );
    this.#counter(
      `${prefix}retries_refused_total`,
      'Requests that could have been sent once more to the version, had its retry budget not been used up.',
      () => this.#registry.series().flatMap((series) => reasonSamples(series, RETRY_REFUSED_BASE, RETRY_REASONS)),
    );
    this.#gauge(
      `${prefix}requests_pending`,
      'Requests that wait for an endpoint of the version that is not full.',
      () => this.#registry.series().map((series) => slotSample(series, PENDING)),
    );
    this.#counter(
      `${prefix}requests_rejected_total`,
      'Requests answered 503 because every endpoint of the version was full: the queue too, or for too long.',
      () => this.#registry.series().flatMap((series) => reasonSamples(series, REJECTION_BASE, REJECTION_REASONS)),
    );
    this.#counter(
      `${prefix}ejections_total`,
      'Times that a worker began to leave out an endpoint of the version because it failed.',
      () => this.#registry.series().flatMap((series) => reasonSamples(series, EJECTION_BASE, EJECTION_REASONS)),
    );
    this.#gauge(
      `${prefix}endpoints_ejected`,
      'Endpoints of the version that workers leave out now: an endpoint counts once for each worker that does.',
      () => this.#registry.series().map((series) => slotSample(series, ENDPOINTS_EJECTED)),
    );
    this.#counter(`${prefix}fallback_total`, 'Requests that another version than the one asked for answered.', () =>
      this.#registry.fallbacks().map((fallback) => ({
        labels: {},
        sharedLabels: fallback.labels,
        value: sum(fallback, FALLBACK_COUNT),
      })),
    );
    this.#counter(`${prefix}health_checks_total`, 'Health checks of endpoints of the version, by result.', () =>
      this.#state().health.flatMap(({ labels, success, failure }) => [
        { labels: { result: 'success' }, sharedLabels: labels, value: success },
        { labels: { result: 'failure' }, sharedLabels: labels, value: failure },
      ]),
    );
    this.#gauge(`${prefix}endpoints_unhealthy`, 'Endpoints of the version that health checks find unhealthy.', () =>
      this.#state().health.map(({ labels, unhealthy }) => ({ labels: {}, sharedLabels: labels, value: unhealthy })),
    );
    this.#gauge(`${prefix}weight`, 'Weight of the version in its route, as applied now.', () =>
      weightSamples(this.#state().table),
    );
  }

  #addProcess(prefix: string, version: string): void {
    const perWorker = (slot: number) => (): Sample[] =>
      this.#registry.workers().map((block, worker) => ({ labels: { worker }, value: block[slot] ?? 0 }));
    const single = (read: (state: ProcessState) => number) => (): Sample[] => [
      { labels: {}, value: read(this.#state()) },
    ];
    this.#gauge(`${prefix}table_generation`, 'Routing table that the worker applies.', perWorker(TABLE_GENERATION));
    this.#gauge(`${prefix}connections`, 'Open connections of clients.', perWorker(CONNECTIONS_OPEN));
    this.#counter(
      `${prefix}connections_accepted_total`,
      'Connections accepted from clients.',
      perWorker(CONNECTIONS_ACCEPTED),
    );
    this.#counter(
      `${prefix}connections_refused_total`,
      'Connections of clients that were reset because a limit was reached, or could not be accepted.',
      () => this.#registry.workers().flatMap(refusalSamples),
    );
    this.#counter(
      `${prefix}tls_handshake_failures_total`,
      'Connections of clients that ended before their TLS handshake did.',
      perWorker(TLS_HANDSHAKE_FAILURES),
    );
    this.#counter(
      `${prefix}workers_restarted_total`,
      'Worker threads that died and were replaced.',
      single((state) => state.workersRestarted),
    );
    this.#gauge(
      `${prefix}problems`,
      'Things in configuration and objects that do not work now; /api/table on the admin port lists them, and the log.',
      single((state) => state.problems),
    );
    this.#gauge(`${prefix}tls_certificate_expiry_timestamp_seconds`, 'When the certificate of a listener ends.', () =>
      [...this.#state().certificates].map(([certificate, expires]) => ({
        labels: { certificate },
        value: expires / 1000,
      })),
    );
    this.#gauge(
      `${prefix}source_synced`,
      'Whether the source has delivered all its objects.',
      single((state) => Number(state.sourceSynced)),
    );
    this.#gauge(
      `${prefix}source_last_event_timestamp_seconds`,
      'When something was last heard from the source. An API server says something about once a minute; files only when they change.',
      single((state) => state.sourceLastEventSeconds),
    );
    this.#gauge(`${prefix}source_info`, 'Where the objects come from: kubernetes, files, demo or none.', () => [
      { labels: { kind: this.#state().sourceKind }, value: 1 },
    ]);
    this.#gauge(
      `${prefix}config_last_reload_successful`,
      '1: the configuration was right when it was last read. 0: it had a mistake, and the one before stays in force.',
      single((state) => Number(state.configReloadSuccessful)),
    );
    const build = [{ labels: { version, node: process.version }, value: 1 }];
    this.#gauge(`${prefix}build_info`, 'Version of Headgate and of the Node.js that runs it.', () => build);
  }

  #counter(name: string, help: string, read: () => Sample[]): void {
    this.#register.registerMetric(new ReadCounter({ name, help, read }));
  }

  #gauge(name: string, help: string, read: () => Sample[]): void {
    this.#register.registerMetric(new ReadGauge({ name, help, read }));
  }
}

function statusSamples(counted: Counted<SeriesLabels>, atZero: ReadonlySet<number>): Sample[] {
  const samples: Sample[] = [];
  for (let status = FIRST_STATUS; status <= LAST_STATUS; status++) {
    const value = sum(counted, STATUS_BASE + status - FIRST_STATUS);
    if (value > 0 || atZero.has(status)) samples.push({ labels: { status }, sharedLabels: counted.labels, value });
  }
  return samples;
}

function durationSamples(name: string, series: Counted<SeriesLabels>): Sample[] {
  const samples: Sample[] = [];
  const put = (suffix: string, labels: Sample['labels'], value: number): void => {
    samples.push({ metricName: `${name}_${suffix}`, labels, sharedLabels: series.labels, value });
  };
  let count = 0;
  for (const [index, le] of DURATION_BOUNDS.entries()) {
    count += sum(series, DURATION_BUCKETS + index);
    put('bucket', { le }, count);
  }
  count += sum(series, DURATION_BUCKETS + DURATION_BOUNDS.length);
  put('bucket', { le: '+Inf' }, count);
  put('sum', {}, sum(series, DURATION_SUM));
  put('count', {}, count);
  return samples;
}

function refusalSamples(block: Block, worker: number): Sample[] {
  return CONNECTION_REFUSALS.map((reason, index) => ({
    labels: { worker, reason },
    value: block[CONNECTIONS_REFUSED_BASE + index] ?? 0,
  }));
}

function slotSample(series: Counted<SeriesLabels>, slot: number): Sample {
  return { labels: {}, sharedLabels: series.labels, value: sum(series, slot) };
}

function reasonSamples(series: Counted<SeriesLabels>, base: number, reasons: readonly string[]): Sample[] {
  return reasons.map((reason, index) => ({
    labels: { reason },
    sharedLabels: series.labels,
    value: sum(series, base + index),
  }));
}

/**
 * Versions that no share names are there at 0: they are reached by header only. With all labels of the version: its role
 * here is the one that it has now, and other metrics are joined with it by the rest.
 */
function weightSamples(table: RoutingTable | null): Sample[] {
  const samples = new Map<string, Sample>();
  for (const route of table?.routes ?? []) {
    for (const [index, version] of route.versions.entries()) {
      const key = seriesKey(route.name, version);
      let value = samples.get(key)?.value ?? 0;
      for (const share of route.split) if (share.version === index) value += share.weight;
      samples.set(key, { labels: {}, sharedLabels: seriesLabels(route, version), value });
    }
  }
  return [...samples.values()];
}
