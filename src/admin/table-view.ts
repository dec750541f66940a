import { hostPort } from '../common/host-port.ts';
import type { HeaderRule, Route, Target } from '../routing/table.ts';
import type { TableState } from './state.ts';

/** The JSON of `/api/table`: indexes replaced by what they point to, endpoints as `host:port`. */
export function tableView(state: TableState) {
  const { generation, workers, table, problems } = state;
  return {
    generation,
    workers: workers.map((applied, worker) => ({ worker, generation: applied })),
    routes: table.routes.map((route) => routeView(route, state)),
    problems,
  };
}

function routeView(route: Route, { endpoints, reasons, healthOf, leftOut }: TableState) {
  return {
    name: route.name,
    hosts: route.hosts,
    path: route.path,
    because: reasons[route.name] ?? null,
    // Without the authorities, which are long.
    tls: route.tls === undefined ? null : { serverName: route.tls.serverName, verify: route.tls.verify },
    versions: route.versions.map((version, index) => ({
      key: version.key,
      name: version.name,
      role: version.role,
      weight: route.split.reduce((sum, share) => (share.version === index ? sum + share.weight : sum), 0),
      endpoints: (endpoints[version.key] ?? []).map(({ host, port }) => hostPort(host, port)),
      ...healthView(healthOf(version.key)),
      ...leftOutView(leftOut(version.key)),
      fallback: keys(route, version.fallback),
    })),
    rules: route.rules.map((rule) => ruleView(route, rule)),
    experiments: route.experiments && {
      header: route.experiments.header,
      values: route.experiments.values.map(([value, target]) => ({ value, ...targetView(route, target) })),
    },
  };
}

/** Nothing where nothing is checked. */
function healthView(health: Readonly<Record<string, string>> | null) {
  return health === null ? {} : { health };
}

/** Nothing where all are well: a table of a thousand Rollouts is long enough. */
function leftOutView(leftOut: Readonly<Record<string, number>>) {
  return Object.keys(leftOut).length === 0 ? {} : { leftOut };
}

function ruleView(route: Route, { origin, label, header, match, target }: HeaderRule) {
  return { origin, label, header, match, ...targetView(route, target) };
}

function targetView(route: Route, { asked, versions, reason, fallback }: Target) {
  return { to: asked, versions: keys(route, versions), reason, fallback };
}

function keys(route: Route, indexes: readonly number[]): string[] {
  return indexes.flatMap((index) => route.versions[index]?.key ?? []);
}
