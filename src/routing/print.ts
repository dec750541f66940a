import { formatDuration } from '../common/format-duration.ts';
import { describeMatch } from './describe-match.ts';
import type { EndpointMap, HealthCheck, Route, RoutingTable, Target, Version } from './table.ts';

/**
 * The routing table for people: for each route its hosts and path, the weighted split, the rules in order of
 * precedence, the values of its experiment header, and who answers for whom. The same table gives the same text.
 *
 * @param reasons by route, what gave the weights
 */
export function printTable(
  table: RoutingTable,
  endpoints: EndpointMap,
  reasons: Readonly<Record<string, string>>,
): string {
  if (table.routes.length === 0) return 'no routes\n';
  return table.routes.map((route) => printRoute(route, endpoints, reasons[route.name])).join('\n');
}

function printRoute(route: Route, endpoints: EndpointMap, reason: string | undefined): string {
  const hosts = route.hosts.length === 0 ? 'any host' : route.hosts.join(', ');
  const lines = [`route ${route.name}`, row('match', `${hosts}  ${route.path}`)];
  const count = ({ key }: Version) => {
    const usable = endpoints[key]?.length ?? 0;
    return usable === 1 ? '1 endpoint' : `${usable} endpoints`;
  };
  const split = route.split.map(({ version, weight }) => {
    const chosen = route.versions[version];
    return chosen === undefined ? '' : `${title(chosen)} ${weight} (${count(chosen)})`;
  });
  lines.push(...section('split', split.length === 0 ? ['nothing: 503'] : split));
  if (reason !== undefined) lines.push(row('because', reason));
  if (route.tls !== undefined) {
    const { serverName, verify } = route.tls;
    lines.push(row('tls', verify ? `for ${serverName ?? "the endpoint's host"}` : 'any certificate'));
  }
  if (route.healthCheck !== undefined) lines.push(row('checked', describeCheck(route.healthCheck)));
  if (route.slowStart !== undefined) lines.push(row('slow start', formatDuration(route.slowStart)));

  const weighted = new Set(route.split.map(({ version }) => version));
  const others = route.versions.filter((_, index) => !weighted.has(index));
  lines.push(
    ...section(
      'by rule',
      others.map((version) => `${title(version)} (${count(version)})`),
    ),
  );

  const rules = route.rules.map(
    ({ header, match, target, label, origin }) =>
      `${header} ${describeMatch(match)} -> ${destination(target, route)}  [${origin === 'step' ? `step ${label}` : 'route'}]`,
  );
  lines.push(...section('rules', rules));

  const { experiments } = route;
  if (experiments !== null) {
    const values = experiments.values.map(
      ([value, target]) => `${experiments.header} = ${JSON.stringify(value)} -> ${destination(target, route)}`,
    );
    lines.push(...section('experiments', values.length === 0 ? [`${experiments.header}: no value known`] : values));
  }
  const fallbacks = route.versions
    .filter(({ fallback }) => fallback.length > 0)
    .map((version) => `${title(version)} -> ${titles(version.fallback, route).join(', then ')}`);
  lines.push(...section('fallback', fallbacks));
  return `${lines.join('\n')}\n`;
}

function describeCheck({ path, interval, timeout, statuses: [least, most], unhealthy, healthy }: HealthCheck): string {
  const good = least === most ? `${least}` : `${least}-${most}`;
  const rhythm = `every ${formatDuration(interval)}, ${good} within ${formatDuration(timeout)}`;
  return `${path}  ${rhythm}; left out after ${unhealthy}, back after ${healthy}`;
}

/** `stable 6459f554f9`, `experiment demo 5c5f8f5b9d`, or for a static version its name. */
function title({ role, name, experiment }: Version): string {
  if (role === 'experiment') return `experiment ${experiment} ${name}`;
  return role === 'static' || role === name ? name : `${role} ${name}`;
}

function titles(indexes: readonly number[], route: Route): readonly string[] {
  return indexes.flatMap((index) => {
    const version = route.versions[index];
    return version === undefined ? [] : [title(version)];
  });
}

function destination({ asked, versions, reason, fallback }: Target, route: Route): string {
  const where = versions.length === 0 ? '503' : titles(versions, route).join(' and ');
  const why = reason === null ? '' : ` (${asked} ${reason.replace('_', ' ')})`;
  return `${where}${why}${fallback ? '' : ', no fallback'}`;
}

function section(name: string, lines: readonly string[]): readonly string[] {
  return lines.map((line, index) => row(index === 0 ? name : '', line));
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(12)}${text}`;
}
