import { describeMatch } from '../routing/describe-match.ts';
import type { HeaderRule, Route, Target, Version } from '../routing/table.ts';
import { seriesLabels } from '../telemetry/keys.ts';
import type { RecentTraffic, VersionHistory } from '../telemetry/recent-traffic.ts';
import { versionKey } from '../telemetry/version-id.ts';
import { rolloutOf } from './live-rows.ts';
import {
  type EndpointState,
  endpointStates,
  type LiveVersion,
  liveVersions,
  numberOrNull,
  versionFigures,
} from './live-version.ts';
import type { TableState } from './state.ts';

type Numbers = readonly (number | null)[];
/** One number for each of `times`. */
export type LiveHistory = Readonly<Record<keyof VersionHistory, Numbers>>;

export interface LiveRouteVersion extends LiveVersion {
  /** Seconds; null: nothing ended, or durations were not read before somebody looked. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  /** The first of them: those that are not ready come first. */
  readonly listed: readonly { readonly address: string; readonly state: EndpointState }[];
  /** Which versions answer for it when it has no usable endpoint. */
  readonly fallback: readonly string[];
  readonly history: LiveHistory;
}

/** A version that is not in the table any more and had traffic in the last minutes. */
export interface GoneVersion extends Pick<LiveVersion, 'name' | 'experiment' | 'requestsPerSecond' | 'failureRate'> {
  /** The one that it had first. */
  readonly role: string;
  readonly history: LiveHistory;
}

export interface LiveRule {
  /** `route`: of the configuration; `step`: of the Rollout's steps; `experiment`: of the experiment header. */
  readonly origin: 'route' | 'step' | 'experiment';
  readonly header: string;
  /** `= "true"` and the like. */
  readonly match: string;
  /** As the user names it. */
  readonly asked: string;
  /** Who answers; empty: nobody (503). */
  readonly to: readonly string[];
  /** Set where what was asked for is not there and another one answers. */
  readonly reason: string | null;
}

/** Everything about one route. */
export interface LiveRoute {
  readonly name: string;
  readonly rollout: string | null;
  readonly hosts: readonly string[];
  readonly path: string;
  /** What gave the weights. */
  readonly because: string | null;
  /** Over how much time the shares were observed. */
  readonly shareSeconds: number;
  readonly versions: readonly LiveRouteVersion[];
  readonly gone: readonly GoneVersion[];
  /** Ends of the steps, in milliseconds since 1970, oldest first: what the histories' numbers belong to. */
  readonly times: readonly number[];
  readonly fallbacks: readonly {
    readonly from: string;
    readonly to: string;
    readonly reason: string;
    readonly perSecond: number;
    readonly recent: number;
    readonly total: number;
  }[];
  /** The first of them, and how many there are. */
  readonly rules: readonly LiveRule[];
  readonly rulesTotal: number;
}

const MOST_ENDPOINTS = 50;
const MOST_RULES = 100;
const MOST_GONE = 5;

export function liveRoute(route: Route, state: TableState, recent: RecentTraffic): LiveRoute {
  recent.look(route.name);
  const rules = [...route.rules.map((rule) => ruleView(route, rule)), ...experimentRules(route)];
  return {
    name: route.name,
    rollout: rolloutOf(route),
    hosts: route.hosts,
    path: route.path,
    because: state.reasons[route.name] ?? null,
    shareSeconds: recent.secondsSinceSplit(route.name),
    versions: liveVersions(route, state, recent).flatMap((live, index) => {
      const version = route.versions[index];
      return version === undefined ? [] : [{ ...live, ...detail(route, version, state, recent) }];
    }),
    gone: goneVersions(route, recent),
    times: recent.times(),
    fallbacks: recent.fallbacks(route.name).map(({ labels: { from, to, reason }, ...figures }) => {
      return { from, to, reason, ...figures };
    }),
    rules: rules.slice(0, MOST_RULES),
    rulesTotal: rules.length,
  };
}

function detail(route: Route, version: Version, state: TableState, recent: RecentTraffic) {
  const labels = seriesLabels(route, version);
  const [p50 = null, p95 = null, p99 = null] = recent.quantiles(labels).map(numberOrNull);
  const listed = [...endpointStates(version, state)].map(([address, how]) => ({ address, state: how }));
  return {
    p50,
    p95,
    p99,
    listed: listed.sort((a, b) => Number(a.state === 'ready') - Number(b.state === 'ready')).slice(0, MOST_ENDPOINTS),
    fallback: titles(route, version.fallback),
    history: historyView(recent.history(labels)),
  };
}

function goneVersions(route: Route, recent: RecentTraffic): GoneVersion[] {
  const present = new Set(route.versions.map((version) => versionKey(seriesLabels(route, version))));
  const gone = recent.versionsOf(route.name).filter((labels) => !present.has(versionKey(labels)));
  return gone.slice(0, MOST_GONE).map((labels) => {
    const { requestsPerSecond, failureRate } = versionFigures(labels, recent);
    const { version: name, role, experiment } = labels;
    return { name, role, experiment, requestsPerSecond, failureRate, history: historyView(recent.history(labels)) };
  });
}

function historyView({ requestsPerSecond, failureRate, p50, p95, p99 }: VersionHistory): LiveHistory {
  return {
    requestsPerSecond: requestsPerSecond.map(numberOrNull),
    failureRate: failureRate.map(numberOrNull),
    p50: p50.map(numberOrNull),
    p95: p95.map(numberOrNull),
    p99: p99.map(numberOrNull),
  };
}

function ruleView(route: Route, { origin, header, match, target }: HeaderRule): LiveRule {
  return { origin, header, match: describeMatch(match), ...targetView(route, target) };
}

function experimentRules(route: Route): LiveRule[] {
  const { header = '', values = [] } = route.experiments ?? {};
  return values.map(([value, target]) => {
    const match = describeMatch({ kind: 'exact', value });
    return { origin: 'experiment', header, match, ...targetView(route, target) };
  });
}

function targetView(route: Route, { asked, versions, reason }: Target): Pick<LiveRule, 'asked' | 'to' | 'reason'> {
  return { asked, to: titles(route, versions), reason };
}

/** `canary 7f9b`; a static version's name. */
function titles(route: Route, indexes: readonly number[]): string[] {
  return indexes.flatMap((index) => {
    const version = route.versions[index];
    if (version === undefined) return [];
    const { role, name } = version;
    return [role === 'static' || role === name ? name : `${role} ${name}`];
  });
}
