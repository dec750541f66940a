import type { Role, Route } from '../routing/table.ts';
import { type VersionId, versionKey } from '../telemetry/version-id.ts';

/** A version as a route of the table has it. */
export interface RouteVersion {
  readonly key: string;
  readonly id: VersionId;
  readonly role: Role;
  /** Of its Experiment; '' for others. */
  readonly template: string;
  /** What the others are compared with: stable or active, or where there is none what has the greatest weight. */
  readonly production: boolean;
}

const known = new WeakMap<Route, readonly RouteVersion[]>();

/** Routes do not change, and most of a new table's are those of the table before: each is looked at once. */
export function routeVersions(route: Route): readonly RouteVersion[] {
  let versions = known.get(route);
  if (versions === undefined) {
    const production = productionOf(route);
    versions = route.versions.map((version, index) => {
      const { namespace, rollout, experiment, name, role, key } = version;
      const id = { route: route.name, namespace, rollout, experiment, version: name };
      const isProduction = role === 'stable' || role === 'active' || index === production;
      return { key: versionKey(id), id, role, template: templateOf(key, id), production: isProduction };
    });
    known.set(route, versions);
  }
  return versions;
}

/** Index of the version with the greatest weight, where no version has production's role; -1: one has. */
function productionOf({ versions, split }: Route): number {
  if (versions.some(({ role }) => role === 'stable' || role === 'active')) return -1;
  let best = { version: 0, weight: 0 };
  for (const share of split) if (share.weight > best.weight) best = share;
  return best.version;
}

/** Version keys are `<namespace>/<experiment>/<template>`, with a suffix after `#` where routes differ in port or TLS. */
function templateOf(key: string, { namespace, experiment }: VersionId): string {
  const start = `${namespace}/${experiment}/`;
  return experiment !== '' && key.startsWith(start) ? (key.slice(start.length).split('#', 1)[0] ?? '') : '';
}
