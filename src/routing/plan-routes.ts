import type { RouteConfig } from '../config/config.ts';
import type { Problem } from '../model/problem.ts';
import type { Rollout } from '../model/rollout.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { RolloutRoute } from './compile-rollout.ts';
import type { ObjectIndex } from './object-index.ts';
import type { Route, UpstreamTls } from './table.ts';

/** Which routes there are, and what each one leads to. */
export type PlannedRoute = { readonly place: string } & (
  | { readonly kind: 'rollout'; readonly route: RolloutRoute }
  | { readonly kind: 'static'; readonly config: RouteConfig }
  /** Its Rollout is not there: it answers 503 rather than 404, since somebody wanted it. */
  | { readonly kind: 'empty'; readonly route: Route }
);

export interface RoutePlan {
  readonly routes: readonly PlannedRoute[];
  readonly problems: readonly Problem[];
}

/** The same list each time: who claims which host is worked out again only when a list is another. */
const ANY_HOST: readonly string[] = Object.freeze([]);

/** The routes that the configuration has. */
export function planRoutes(snapshot: Snapshot, configured: readonly RouteConfig[], index: ObjectIndex): RoutePlan {
  const problems: Problem[] = [];
  const ports = new Map<string, string>();
  const tlsSettings: string[] = [];
  const routes = configured.map((route): PlannedRoute => {
    const { place, name, path } = route;
    if (route.rollout === null) return { kind: 'static', place, config: route };
    const hosts = route.hosts ?? ANY_HOST;
    const rollout = findRollout(route, route.rollout, snapshot, index, problems);
    if (rollout === null) {
      return {
        kind: 'empty',
        place,
        route: { name, hosts, path, versions: [], rules: [], experiments: null, split: [] },
      };
    }
    const keySuffix = suffixOf(rollout, route.port, ports) + tlsSuffix(route.tls, tlsSettings);
    return { kind: 'rollout', place, route: { name, hosts, path, rollout, config: route, keySuffix } };
  });
  return { routes, problems };
}

function findRollout(
  route: RouteConfig,
  wanted: { readonly namespace: string | null; readonly name: string },
  snapshot: Snapshot,
  index: ObjectIndex,
  problems: Problem[],
): Rollout | null {
  const { namespace, name } = wanted;
  const found = index.rolloutsNamed(name).filter((rollout) => namespace === null || rollout.namespace === namespace);
  const [only = null] = found;
  if (found.length === 1) return only;
  const place = route.place;
  const unreadable = snapshot.unreadableRollouts.find((key) => {
    return namespace === null ? key.endsWith(`/${name}`) : key === `${namespace}/${name}`;
  });
  if (only === null && unreadable !== undefined) {
    const message = `Rollout ${unreadable} cannot be understood: its requests get 503`;
    problems.push({ place, message, remedy: `correct what is said of Rollout ${unreadable}` });
  } else if (only === null) {
    const message = `there is no Rollout ${namespace === null ? name : `${namespace}/${name}`}: its requests get 503`;
    problems.push({ place, message, remedy: 'create it, or correct `rollout` of the route' });
  } else {
    const places = found.map((rollout) => `${rollout.namespace}/${rollout.name}`).join(', ');
    const message = `several Rollouts are named ${name} (${places}): its requests get 503`;
    problems.push({ place, message, remedy: 'write `rollout: namespace/name`' });
  }
  return null;
}

/** Connections belong to a version's key: with TLS, and with other settings of it, they are others, in whatever Rollout. */
function tlsSuffix(tls: UpstreamTls | null, seen: string[]): string {
  if (tls === null) return '';
  const settings = JSON.stringify([tls.ca, tls.serverName, tls.verify]);
  let index = seen.indexOf(settings);
  if (index < 0) index = seen.push(settings) - 1;
  return index === 0 ? '#tls' : `#tls${index + 1}`;
}

/** Endpoints belong to a version's key, so a second port of a Rollout needs keys of its own. */
function suffixOf({ namespace, name }: Rollout, port: string | number | null, ports: Map<string, string>): string {
  const key = `${namespace}/${name}`;
  const own = port === null ? '' : `#${port}`;
  const first = ports.get(key);
  if (first === undefined) ports.set(key, own);
  return first === undefined || first === own ? '' : own;
}
