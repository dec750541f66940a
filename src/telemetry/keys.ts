import { roleName } from '../routing/match.ts';
import type { FallbackReason, Route, Target, Version } from '../routing/table.ts';

/** The labels of a version's metrics. */
export interface SeriesLabels {
  readonly route: string;
  readonly namespace: string;
  readonly rollout: string;
  readonly experiment: string;
  readonly role: string;
  readonly version: string;
}

/** The labels of `fallback_total`. */
export interface FallbackLabels {
  readonly route: string;
  readonly from: string;
  readonly to: string;
  readonly reason: FallbackReason;
}

/** Identity is the label set, so that two versions can never become one line twice in an exposition. */
export function seriesKey(route: string, version: Version): string {
  const { namespace, rollout, experiment, role, name } = version;
  return JSON.stringify([route, namespace, rollout, experiment, role, name]);
}

/** `from` and `to`: see `roleName`; `from` may also be a Target's `asked`. */
export function fallbackKey(route: string, from: string, to: string, reason: FallbackReason): string {
  return JSON.stringify([route, from, to, reason]);
}

/** What requests of one route can be counted into. */
export interface RouteKeys {
  /** Every series, by key. */
  readonly series: readonly (readonly [key: string, labels: SeriesLabels])[];
  /** Every fallback, by key: of targets compiled to a replacement, and from version to version. */
  readonly fallbacks: readonly (readonly [key: string, labels: FallbackLabels])[];
}

/** Routes do not change, and most of a new table's are those of the table before. */
const known = new WeakMap<Route, RouteKeys>();

export function keysOf(route: Route): RouteKeys {
  let keys = known.get(route);
  if (keys === undefined) {
    const series = route.versions.map(
      (version) => [seriesKey(route.name, version), seriesLabels(route, version)] as const,
    );
    const fallbacks = [...fallbacksOfRoute(route)].map((labels) => {
      return [fallbackKey(labels.route, labels.from, labels.to, labels.reason), labels] as const;
    });
    keys = { series, fallbacks };
    known.set(route, keys);
  }
  return keys;
}

export function seriesLabels(route: Route, { namespace, rollout, experiment, role, name }: Version): SeriesLabels {
  return { route: route.name, namespace, rollout, experiment, role, version: name };
}

/** Why one version answers for another although the table leads to the other. */
const EDGE_REASONS: readonly FallbackReason[] = ['no_endpoints', 'unhealthy', 'connect_failed'];

function* fallbacksOfRoute(route: Route): Generator<FallbackLabels> {
  const labels = (from: string, to: Version, reason: FallbackReason): FallbackLabels => {
    return { route: route.name, from, to: roleName(to), reason };
  };
  for (const version of route.versions) {
    for (const to of at(route, version.fallback)) {
      for (const reason of EDGE_REASONS) yield labels(roleName(version), to, reason);
    }
  }
  for (const { asked, reason, versions, fallback } of targetsOf(route)) {
    if (reason === null) continue;
    for (const replacement of at(route, versions)) {
      yield labels(asked, replacement, reason);
      // Where the replacement has no endpoint either, what was asked for and why it was not there still stand.
      if (fallback) for (const to of at(route, replacement.fallback)) yield labels(asked, to, reason);
    }
  }
}

function targetsOf(route: Route): Target[] {
  return [...route.rules.map((rule) => rule.target), ...(route.experiments?.values ?? []).map(([, target]) => target)];
}

function at(route: Route, indexes: readonly number[]): Version[] {
  return indexes.flatMap((index) => route.versions[index] ?? []);
}
