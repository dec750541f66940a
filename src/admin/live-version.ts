import { hostPort } from '../common/host-port.ts';
import type { Route, Version } from '../routing/table.ts';
import { type SeriesLabels, seriesLabels } from '../telemetry/keys.ts';
import type { RecentTraffic } from '../telemetry/recent-traffic.ts';
import type { TableState } from './state.ts';

/** What a version does now. Rates and quantiles are over `windowSeconds` of the answer. */
export interface LiveVersion {
  /** The pod-template-hash, or a static version's name. */
  readonly name: string;
  readonly role: Version['role'];
  /** '' unless it is a template of one. */
  readonly experiment: string;
  /** Part of the weighted requests that it shall get, 0 to 1; null: it is reached by rules only. */
  readonly wanted: number | null;
  /**
   * Part that it answered of what the versions with a weight did, since the weights last changed and in the window at
   * most; null: nothing, or it has no weight. Requests that a rule led to one of them are in it.
   */
  readonly share: number | null;
  readonly requestsPerSecond: number;
  readonly attempts: number;
  /** Of the attempts, whoever answered in the end. */
  readonly failures: number;
  /** Null: no attempts. */
  readonly failureRate: number | null;
  readonly inFlight: number;
  readonly pending: number;
  readonly endpoints: { readonly total: number; readonly usable: number };
}

/** The figures of a version that need no table. */
export function versionFigures(labels: SeriesLabels, recent: RecentTraffic) {
  const { requests: _, ...figures } = recent.figures(labels);
  return { ...figures, failureRate: figures.attempts === 0 ? null : figures.failures / figures.attempts };
}

/** In the order of `route.versions`. */
export function liveVersions(route: Route, state: TableState, recent: RecentTraffic): LiveVersion[] {
  const labels = route.versions.map((version) => seriesLabels(route, version));
  const weighted = new Set(route.split.map(({ version }) => version));
  const since = labels.map((one, index) => (weighted.has(index) ? recent.requestsSinceSplit(one) : 0));
  const answered = since.reduce((sum, count) => sum + count, 0);
  const weights = route.split.reduce((sum, { weight }) => sum + weight, 0);
  return route.versions.map((version, index) => {
    const shares = route.split.filter((share) => share.version === index);
    const weight = shares.reduce((sum, share) => sum + share.weight, 0);
    const one = labels[index] ?? seriesLabels(route, version);
    return {
      name: version.name,
      role: version.role,
      experiment: version.experiment,
      wanted: shares.length === 0 ? null : weight / weights,
      share: answered === 0 || !weighted.has(index) ? null : (since[index] ?? 0) / answered,
      ...versionFigures(one, recent),
      endpoints: countEndpoints(version, state),
    };
  });
}

/** NaN has no place in JSON. Four digits are more than anybody reads, and make answers half as long. */
export function numberOrNull(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : null;
}

export type EndpointState = 'ready' | 'ejected' | 'unhealthy';

/** How an endpoint is, by `host:port`. Ejected: by one worker at least. */
export function endpointStates({ key }: Version, state: TableState): Map<string, EndpointState> {
  const [health, leftOut] = [state.healthOf(key) ?? {}, state.leftOut(key)];
  return new Map(
    (state.endpoints[key] ?? []).map(({ host, port }) => {
      const name = hostPort(host, port);
      const how = health[name] === 'unhealthy' ? 'unhealthy' : name in leftOut ? 'ejected' : 'ready';
      return [name, how];
    }),
  );
}

/** Usable: neither unhealthy nor left out by every worker. */
function countEndpoints(version: Version, state: TableState): LiveVersion['endpoints'] {
  const endpoints = state.endpoints[version.key] ?? [];
  const [health, leftOut] = [state.healthOf(version.key) ?? {}, state.leftOut(version.key)];
  const usable = endpoints.filter(({ host, port }) => {
    const name = hostPort(host, port);
    return health[name] !== 'unhealthy' && (leftOut[name] ?? 0) < state.workers.length;
  });
  return { total: endpoints.length, usable: usable.length };
}
