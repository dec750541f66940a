import type { Problem } from '../model/problem.ts';
import type { Route } from './table.ts';

/** Who has which host and path. */
export interface HostClaims {
  /** Of each route in order: the hosts that are its own. Null: others have them all. */
  readonly hosts: readonly (readonly string[] | null)[];
  readonly problems: readonly Problem[];
}

/** Each host and path is given to one of the routes: the first in order keeps it. */
export function hostClaims(
  routes: readonly { readonly route: Pick<Route, 'name' | 'hosts' | 'path'>; readonly place: string }[],
): HostClaims {
  const owners = new Map<string, string>();
  const problems: Problem[] = [];
  const kept = routes.map(({ route, place }) => {
    const hosts = route.hosts.length === 0 ? [''] : route.hosts;
    const lost = new Map<string, string[]>();
    const own = hosts.filter((host) => {
      const key = `${host} ${route.path}`;
      const owner = owners.get(key);
      if (owner === undefined) owners.set(key, route.name);
      else if (owner !== route.name) lost.set(owner, [...(lost.get(owner) ?? []), host]);
      return owner === undefined;
    });
    for (const [owner, taken] of lost) problems.push({ place, ...clash(taken, route.path, owner) });
    if (own.length === hosts.length) return route.hosts;
    return own.length === 0 ? null : own;
  });
  return { hosts: kept, problems };
}

/** The routes with the hosts that are theirs; one that has none left is dropped: no host would mean "any host". */
export function withOwnHosts(routes: readonly Route[], { hosts }: HostClaims): readonly Route[] {
  return routes.flatMap((route, i) => {
    const own = hosts[i] ?? null;
    if (own === null) return [];
    return own.length === route.hosts.length ? [route] : [{ ...route, hosts: own }];
  });
}

function clash(hosts: readonly string[], path: string, owner: string): Pick<Problem, 'message' | 'remedy'> {
  const what = hosts.map((host) => (host === '' ? 'any host' : `"${host}"`)).join(', ');
  return {
    message: `${what} with path ${path} already belongs to route ${owner}`,
    remedy: 'give the routes different hosts or paths',
  };
}
