import type { RouteConfig } from '../config/config.ts';
import type { Problem } from '../model/problem.ts';
import { sortedEndpoints } from './endpoints.ts';
import { regexMistake } from './header-routes.ts';
import type { Endpoint, HeaderRule, Role, Route } from './table.ts';
import { upstreamOptions } from './upstream-options.ts';

/** A route without Kubernetes: its versions and weights are the configuration's. */
export function compileStatic(config: RouteConfig): {
  readonly route: Route;
  readonly endpoints: ReadonlyMap<string, readonly Endpoint[]>;
  readonly problems: readonly Problem[];
} {
  const versions = Object.entries(config.versions ?? {});
  const names = versions.map(([name]) => name);
  const keyOf = (name: string) => `static/${config.name}/${name}`;
  const production = productionOf(versions.map(([name, { weight }]) => ({ name, weight })));
  const problems: Problem[] = [];
  const rules: HeaderRule[] = [];
  for (const { name, match, to, fallback } of config.headers) {
    const version = names.indexOf(to);
    const missing = version < 0 ? `there is no version ${to}` : null;
    const mistake = match.kind === 'regex' ? (regexMistake(match.value) ?? missing) : missing;
    if (mistake !== null) {
      const message = `header ${name}: ${mistake}; this rule is left out`;
      problems.push({ place: config.place, message, remedy: 'correct the rule' });
      continue;
    }
    const target = { asked: to, versions: [version], reason: null, fallback };
    rules.push({ origin: 'route', label: `header:${name}`, header: name, match, target });
  }
  const weighted = versions.some(([, { weight }]) => weight !== null);
  const split = versions.flatMap(([name, { weight }], version) => {
    // Where nobody has a weight, the only one or the one named stable has all; otherwise no weight means by header only.
    if (!weighted) return name === 'stable' || versions.length === 1 ? [{ version, weight: 100 }] : [];
    return weight === null ? [] : [{ version, weight }];
  });
  return {
    route: {
      name: config.name,
      hosts: config.hosts ?? [],
      path: config.path,
      versions: names.map((name) => ({
        key: keyOf(name),
        role: roleOf(name),
        name,
        namespace: '',
        rollout: '',
        experiment: '',
        fallback: fallbackOf(name, names, production),
      })),
      rules,
      experiments: null,
      split: split.some(({ weight }) => weight > 0) ? split : [],
      ...upstreamOptions(config),
    },
    endpoints: new Map(versions.map(([name, { endpoints }]) => [keyOf(name), sortedEndpoints(endpoints)])),
    problems,
  };
}

/** The version named stable, else the one with the greatest weight, the first of equals. */
function productionOf(versions: readonly { readonly name: string; readonly weight: number | null }[]): string {
  if (versions.some(({ name }) => name === 'stable')) return 'stable';
  let best = versions[0];
  for (const version of versions) if ((version.weight ?? -1) > (best?.weight ?? -1)) best = version;
  return best?.name ?? '';
}

function fallbackOf(name: string, names: readonly string[], production: string): readonly number[] {
  const answers = name === production ? 'canary' : production;
  const index = names.indexOf(answers);
  return index < 0 || answers === name ? [] : [index];
}

function roleOf(name: string): Role {
  if (name === 'stable' || name === 'canary' || name === 'active' || name === 'preview') return name;
  return 'static';
}
