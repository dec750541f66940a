import type { Route, RoutingTable, Version } from '../routing/table.ts';
import { seriesLabels } from '../telemetry/keys.ts';
import type { RecentTraffic } from '../telemetry/recent-traffic.ts';
import type { LiveQuery } from './live-query.ts';
import { type LiveVersion, liveVersions } from './live-version.ts';
import type { TableState } from './state.ts';

/** A route in the list. */
export interface LiveRow {
  readonly name: string;
  /** `namespace/name`; null: a static route. */
  readonly rollout: string | null;
  /** The first of them; empty: any host. */
  readonly hosts: readonly string[];
  /** Hosts that are not in `hosts`. */
  readonly moreHosts: number;
  readonly path: string;
  /** There is a canary, preview or experiment. */
  readonly moving: boolean;
  readonly requestsPerSecond: number;
  readonly failureRate: number | null;
  /** Requests a second that another version than the one asked for answered. */
  readonly fallbacksPerSecond: number;
  /** The first of them. */
  readonly versions: readonly Pick<LiveVersion, 'name' | 'role' | 'wanted' | 'share' | 'endpoints'>[];
}

/** A route that a query matches, with what it is sorted by. */
export interface MatchedRoute {
  readonly route: Route;
  readonly requestsPerSecond: number;
  readonly failures: number;
}

const CANDIDATES: ReadonlySet<Version['role']> = new Set(['canary', 'preview', 'experiment']);
const MOST_HOSTS = 3;
const MOST_VERSIONS = 6;

export function isMoving({ versions }: Route): boolean {
  return versions.some(({ role }) => CANDIDATES.has(role));
}

/** In the order that was asked for; equals by name. */
export function matchingRoutes(
  { text, only, sort }: LiveQuery,
  table: RoutingTable,
  state: TableState,
  recent: RecentTraffic,
): MatchedRoute[] {
  const found: MatchedRoute[] = [];
  for (const route of table.routes) {
    if (only === 'moving' && !isMoving(route)) continue;
    if (text !== '' && !isNamed(route, text)) continue;
    const measured = only === 'failing' || sort !== 'name' ? measure(route, recent) : NOTHING;
    if (only === 'failing' && measured.failures === 0 && !isFailing(route, state, recent)) continue;
    found.push({ route, ...measured });
  }
  return found.sort((a, b) => {
    const bySize =
      sort === 'rate' ? b.requestsPerSecond - a.requestsPerSecond : sort === 'failures' ? b.failures - a.failures : 0;
    return bySize || (a.route.name < b.route.name ? -1 : 1);
  });
}

export function liveRow(route: Route, state: TableState, recent: RecentTraffic): LiveRow {
  const versions = liveVersions(route, state, recent);
  const attempts = versions.reduce((sum, version) => sum + version.attempts, 0);
  const failures = versions.reduce((sum, version) => sum + version.failures, 0);
  return {
    name: route.name,
    rollout: rolloutOf(route),
    hosts: route.hosts.slice(0, MOST_HOSTS),
    moreHosts: Math.max(route.hosts.length - MOST_HOSTS, 0),
    path: route.path,
    moving: isMoving(route),
    requestsPerSecond: versions.reduce((sum, version) => sum + version.requestsPerSecond, 0),
    failureRate: attempts === 0 ? null : failures / attempts,
    fallbacksPerSecond: recent.fallbacks(route.name).reduce((sum, { perSecond }) => sum + perSecond, 0),
    versions: versions.slice(0, MOST_VERSIONS).map(({ name, role, wanted, share, endpoints }) => {
      return { name, role, wanted, share, endpoints };
    }),
  };
}

export function rolloutOf({ versions }: Route): string | null {
  const one = versions.find(({ rollout }) => rollout !== '');
  return one === undefined ? null : `${one.namespace}/${one.rollout}`;
}

const NOTHING = { requestsPerSecond: 0, failures: 0 };

function measure(route: Route, recent: RecentTraffic): typeof NOTHING {
  const figures = route.versions.map((version) => recent.figures(seriesLabels(route, version)));
  return {
    requestsPerSecond: figures.reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0),
    failures: figures.reduce((sum, { failures }) => sum + failures, 0),
  };
}

function isFailing(route: Route, { endpoints }: TableState, recent: RecentTraffic): boolean {
  if (recent.fallbacks(route.name).some(({ perSecond }) => perSecond > 0)) return true;
  return route.split.some(({ version, weight }) => {
    const key = route.versions[version]?.key ?? '';
    return weight > 0 && (endpoints[key]?.length ?? 0) === 0;
  });
}

function isNamed(route: Route, text: string): boolean {
  if (route.name.toLowerCase().includes(text) || route.path.toLowerCase().includes(text)) return true;
  if (route.hosts.some((host) => host.includes(text))) return true;
  return route.versions.some(
    ({ namespace, rollout, experiment, name }) =>
      `${namespace}/${rollout}`.includes(text) || experiment.includes(text) || name.toLowerCase().includes(text),
  );
}
