import type { Problem } from '../model/problem.ts';
import type { Route } from './table.ts';

/**
 * The routes, each host and path given to one of them: the first in order keeps it. One that has nothing left is dropped
 * (a list of hosts that becomes empty would mean "any host").
 */
export function withoutClashes(routes: readonly { readonly route: Route; readonly place: string }[]): {
  readonly routes: readonly Route[];
  readonly problems: readonly Problem[];
} {
  const owners = new Map<string, string>();
  const problems: Problem[] = [];
  const kept = routes.flatMap(({ route, place }) => {
    const hosts = route.hosts.length === 0 ? [''] : route.hosts;
    const own = hosts.filter((host) => {
      const key = `${host} ${route.path}`;
      const owner = owners.get(key);
      if (owner === undefined) {
        owners.set(key, route.name);
        return true;
      }
      const message = `${host === '' ? 'any host' : host} with path ${route.path} is already taken by route ${owner}`;
      if (owner !== route.name) problems.push({ place, message, remedy: 'give the routes different hosts or paths' });
      return false;
    });
    if (own.length === hosts.length) return [route];
    return own.length === 0 ? [] : [{ ...route, hosts: own }];
  });
  return { routes: kept, problems };
}
