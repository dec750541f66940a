import type { Route, RoutingTable, Target, Version } from '../../src/routing/table.ts';

export function version(key: string, change: Partial<Version> = {}): Version {
  const [namespace = '', rollout = '', name = ''] = key.split('/');
  return { key, role: 'stable', name, namespace, rollout, experiment: '', fallback: [], ...change };
}

export function target(change: Partial<Target> = {}): Target {
  return { asked: 'canary', versions: [0], reason: null, fallback: true, ...change };
}

export function route(name: string, versions: readonly Version[], change: Partial<Route> = {}): Route {
  return { name, hosts: [], path: '/', versions, rules: [], experiments: null, split: [], ...change };
}

/** One Rollout at 90:10, stable and canary falling back on each other, and a canary header. */
export function canaryRoute(name = 'talana'): Route {
  const stable = version(`shop/${name}/5d8c`, { fallback: [1] });
  const canary = version(`shop/${name}/7f9b`, { role: 'canary', fallback: [0] });
  return route(name, [stable, canary], {
    rules: [
      {
        origin: 'route',
        label: 'header:x-canary',
        header: 'x-canary',
        match: { kind: 'exact', value: 'true' },
        target: target({ versions: [1] }),
      },
    ],
    split: [
      { version: 0, weight: 90 },
      { version: 1, weight: 10 },
    ],
  });
}

export function table(...routes: readonly Route[]): RoutingTable {
  return { routes };
}
