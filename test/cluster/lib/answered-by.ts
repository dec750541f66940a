import type { Stream } from '../load/stream.ts';
import type { Table, TableRoute } from './headgate-deployment.ts';

type Version = TableRoute['versions'][number] & { readonly fallback: readonly string[] };

interface Target {
  readonly versions: readonly string[];
  readonly fallback: boolean;
}

type HeaderRule = Target & {
  readonly header: string;
  readonly match: { readonly kind: 'exact' | 'prefix' | 'regex' | 'present'; readonly value?: string };
};

interface Route extends TableRoute {
  readonly path: string;
  readonly experiments: { readonly header: string; readonly values: readonly (Target & { value: string })[] } | null;
}

export interface Answer {
  /** That takes the requests; null: none. */
  readonly route: TableRoute | null;
  /** A header decides, not the weights; several versions share evenly then. */
  readonly byHeader: boolean;
  /** The hashes of the versions that can answer. */
  readonly versions: readonly string[];
}

/** What the documentation says of hosts, header rules, experiment tokens and fallbacks, read off a table. */
export function answeredBy(table: Table, stream: Stream): Answer {
  const host = stream.host.toLowerCase().replace(/:\d+$/, '');
  const routes = (table.routes as readonly Route[]).filter(({ path }) => path === '/');
  const route =
    routes.find(({ hosts }) => hosts.includes(host)) ??
    routes.find(({ hosts }) => hosts.some((name) => name.startsWith('*.') && host.endsWith(name.slice(1)))) ??
    routes.find(({ hosts }) => hosts.length === 0);
  if (route === undefined) return { route: null, byHeader: false, versions: [] };
  const versions = route.versions as readonly Version[];
  const target = targetOf(route, stream.headers ?? {});
  const asked = target?.versions ?? versions.filter(({ weight }) => weight > 0).map(({ key }) => key);
  const ofKey = (key: string) => versions.find((version) => version.key === key);
  const ready = asked.filter((key) => (ofKey(key)?.endpoints.length ?? 0) > 0);
  const instead =
    ready.length > 0 || target?.fallback === false
      ? []
      : (ofKey(asked[0] ?? '')?.fallback ?? []).filter((key) => (ofKey(key)?.endpoints.length ?? 0) > 0).slice(0, 1);
  const names = [...ready, ...instead].map((key) => ofKey(key)?.name ?? key);
  return { route, byHeader: target !== null, versions: names };
}

/** Null: no rule and no token takes these headers. */
function targetOf({ rules, experiments }: Route, headers: Readonly<Record<string, string>>): Target | null {
  const fields = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const rule = (rules as unknown as readonly HeaderRule[]).find((candidate) =>
    matches(candidate, fields.get(candidate.header)),
  );
  if (rule !== undefined) return rule;
  const token = experiments === null ? undefined : fields.get(experiments.header);
  return experiments?.values.find(({ value }) => value === token) ?? null;
}

function matches({ match }: HeaderRule, value: string | undefined): boolean {
  if (value === undefined) return false;
  const { kind, value: wanted = '' } = match;
  if (kind === 'present') return true;
  if (kind === 'prefix') return value.startsWith(wanted);
  return kind === 'exact' ? value === wanted : new RegExp(`^(?:${wanted})$`, 'v').test(value);
}
