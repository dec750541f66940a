import type { Endpoint, EndpointMap, HeaderRule, Route, RoutingTable, Version } from '../../src/routing/table.ts';

/** How large a table is, and what is asked of it. What is left out is as in the smallest. */
export interface Shape {
  readonly routes?: number;
  /** What tells routes apart. */
  readonly by?: 'host' | 'suffix' | 'path';
  /** Of each route; no request meets them. */
  readonly rules?: number;
  /** Values of the experiment header, which requests carry with another one. */
  readonly tokens?: number;
  /** Of the stable version of each route. */
  readonly endpoints?: number;
  /** Versions of each route that get no request, with two endpoints each. */
  readonly idle?: number;
  /** Milliseconds in which an endpoint comes to its share. */
  readonly slowStart?: number;
}

export interface Grown {
  readonly table: RoutingTable;
  readonly endpoints: EndpointMap;
}

export const EXPERIMENT_HEADER = 'x-experiment';
const SPLIT = [
  { version: 0, weight: 90 },
  { version: 1, weight: 10 },
];

/** @param port of every endpoint: their addresses, all of them in 127.0.0.0/8, tell them apart */
export function grown(shape: Shape, port: number): Grown {
  const { routes = 1, endpoints: stable = 2, idle = 0 } = shape;
  const table = { routes: Array.from({ length: routes }, (_, n) => routeOf(n, shape)) };
  const endpoints: Record<string, readonly Endpoint[]> = {};
  for (const { versions } of table.routes) {
    for (const [index, { key }] of versions.entries()) endpoints[key] = addresses(index === 0 ? stable : 2, port);
  }
  if (idle > 0 && table.routes.length === 0) throw new RangeError('idle versions need a route');
  return { table, endpoints };
}

/** The first `count` addresses, in the order in which a version lists them. */
export function addresses(count: number, port: number): readonly Endpoint[] {
  const hosts = Array.from({ length: count }, (_, n) => `127.1.${n >> 8}.${n & 255}`);
  return hosts.sort().map((host) => ({ host, port }));
}

/** The Host field and the target of a request for the n-th route. */
export function addressOf(n: number, { by }: Shape): { readonly host: string; readonly target: string } {
  if (by === 'path') return { host: 'shop.example.com', target: `${pathOf(n)}/index.html` };
  return { host: by === undefined ? 'shop.example.com' : hostOf(n), target: '/index.html' };
}

/** The value of the experiment header that is listed as the n-th. */
export function tokenOf(n: number): string {
  return `123e4567-e89b-12d3-a456-${String(n).padStart(12, '0')}`;
}

function routeOf(n: number, shape: Shape): Route {
  const { by, rules = 1, tokens = 0, idle = 0, slowStart } = shape;
  const name = `app-${n}`;
  const versions = ['stable', 'canary', ...Array.from({ length: idle }, (_, i) => `idle-${i}`)].map((version) =>
    versionOf(name, version),
  );
  return {
    name,
    hosts: by === 'host' ? [hostOf(n)] : by === 'suffix' ? [`*.${hostOf(n).replace(/^www\./, '')}`] : [],
    path: by === 'path' ? pathOf(n) : '/',
    versions,
    rules: Array.from({ length: rules }, (_, i) => ruleOf(i)),
    experiments: tokens === 0 ? null : { header: EXPERIMENT_HEADER, values: tokensOf(tokens) },
    split: SPLIT,
    ...(slowStart === undefined ? {} : { slowStart }),
  };
}

function versionOf(route: string, name: string): Version {
  const role = name === 'stable' || name === 'canary' ? name : 'static';
  const fallback = [name === 'stable' ? 1 : 0];
  return { key: `static/${route}/${name}`, role, name, namespace: '', rollout: '', experiment: '', fallback };
}

/** Every second one is about a field that browsers send. */
function ruleOf(i: number): HeaderRule {
  const header = i % 2 === 0 ? `x-canary-${i}` : 'accept-language';
  const target = { asked: 'canary', versions: [1], reason: null, fallback: true };
  return { origin: 'route', label: `header:${header}`, header, match: { kind: 'exact', value: `true-${i}` }, target };
}

function tokensOf(count: number): NonNullable<Route['experiments']>['values'] {
  const target = { asked: 'experiment', versions: [1], reason: null, fallback: true };
  return Array.from({ length: count }, (_, n) => [tokenOf(n), target]);
}

function hostOf(n: number): string {
  return `www.app-${n}.shop.example.com`;
}

/** Two levels, as many of each. */
function pathOf(n: number): string {
  return `/team-${n % 32}/app-${n}`;
}
