import type { Endpoint, RoutingTable, Version } from '../../src/routing/table.ts';

export interface StaticVersion {
  /** Of 127.0.0.1. */
  readonly ports?: readonly number[];
  readonly weight?: number;
  /** Names of versions that fall in. */
  readonly fallback?: readonly string[];
}

/** One route to versions written by hand, with a rule `x-to: <name>` for each. */
export function staticTable(
  versions: Readonly<Record<string, StaticVersion>>,
  path = '/',
  noFallback: readonly string[] = [],
): { table: RoutingTable; endpoints: Record<string, Endpoint[]> } {
  const names = Object.keys(versions);
  const endpoints: Record<string, Endpoint[]> = {};
  const list = Object.entries(versions).map(([name, { ports = [], fallback = [] }]): Version => {
    const key = `static/test/${name}`;
    endpoints[key] = ports.map((port) => ({ host: '127.0.0.1', port }));
    const fallbacks = fallback.map((other) => names.indexOf(other));
    return { key, role: 'static', name, namespace: '', rollout: '', experiment: '', fallback: fallbacks };
  });
  const weighted = Object.values(versions).some(({ weight }) => weight !== undefined);
  const split = Object.values(versions).map(({ weight = 0 }, version) => ({
    version,
    weight: weighted ? weight : version === 0 ? 1 : 0,
  }));
  const rules = names.map((name, version) => ({
    origin: 'route' as const,
    label: `header:x-to=${name}`,
    header: 'x-to',
    match: { kind: 'exact' as const, value: name },
    target: { asked: name, versions: [version], reason: null, fallback: !noFallback.includes(name) },
  }));
  return {
    table: { routes: [{ name: 'test', hosts: [], path, versions: list, rules, experiments: null, split }] },
    endpoints,
  };
}
