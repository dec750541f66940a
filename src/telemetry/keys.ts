import type { FallbackReason, RoutingTable, Target, Version } from '../routing/table.ts';

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

/** `from` and `to`: see `versionLabel`; `from` may also be a Target's `asked`. */
export function fallbackKey(route: string, from: string, to: string, reason: FallbackReason): string {
  return JSON.stringify([route, from, to, reason]);
}

/** What a version is called in `fallback_total`: its role, or a static version's name. */
export function versionLabel(version: Version): string {
  return version.role === 'static' ? version.name : version.role;
}

/** Every series that a table can count into, by key. */
export function seriesOf(table: RoutingTable): Map<string, SeriesLabels> {
  const found = new Map<string, SeriesLabels>();
  for (const route of table.routes) {
    for (const version of route.versions) {
      const { namespace, rollout, experiment, role, name } = version;
      found.set(seriesKey(route.name, version), {
        route: route.name,
        namespace,
        rollout,
        experiment,
        role,
        version: name,
      });
    }
  }
  return found;
}

/** Every fallback that a table can produce, by key: of targets compiled to a replacement, and of versions without endpoints. */
export function fallbacksOf(table: RoutingTable): Map<string, FallbackLabels> {
  const found = new Map<string, FallbackLabels>();
  for (const route of table.routes) {
    const put = (from: string, index: number, reason: FallbackReason): void => {
      const version = route.versions[index];
      if (version === undefined) return;
      const to = versionLabel(version);
      found.set(fallbackKey(route.name, from, to, reason), { route: route.name, from, to, reason });
    };
    const putTarget = ({ asked, reason, versions }: Target): void => {
      if (reason !== null) for (const index of versions) put(asked, index, reason);
    };
    for (const version of route.versions) {
      for (const index of version.fallback) {
        put(versionLabel(version), index, 'no_endpoints');
        put(versionLabel(version), index, 'connect_failed');
      }
    }
    for (const rule of route.rules) putTarget(rule.target);
    for (const [, target] of route.experiments?.values ?? []) putTarget(target);
  }
  return found;
}
