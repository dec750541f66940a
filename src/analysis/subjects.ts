import type { AnalysisQuery, ObjectName } from './query.ts';
import type { KnownVersion } from './recorder.ts';

/** Which two versions a query is about; or why not. */
export type Subjects =
  | {
      readonly kind: 'found';
      readonly route: string;
      readonly candidate: KnownVersion;
      readonly baseline: KnownVersion;
    }
  /** One of them is not there now: no mistake of who asks. */
  | {
      readonly kind: 'absent';
      readonly route: string | null;
      readonly candidate: KnownVersion | null;
      readonly baseline: KnownVersion | null;
      readonly reason: string;
    }
  | { readonly kind: 'refused'; readonly status: 400 | 404; readonly message: string };

const ROLES: readonly string[] = ['stable', 'canary', 'active', 'preview'];

/** @param known of all routes, the versions of the table first */
export function subjectsOf(query: AnalysisQuery, known: readonly KnownVersion[]): Subjects {
  const routes = routesOf(query, known);
  const [route, ...others] = routes;
  if (route === undefined) return unknownRoute(query, known);
  if (others.length > 0) {
    const remedy = spansNamespaces(query, known) ? 'write the namespace before the name' : 'add route=NAME';
    return refused(400, `${asked(query)} has several routes, ${list(routes)}: ${remedy}`);
  }
  const versions = known.filter(({ id }) => id.route === route);
  const blueGreen = versions.some(({ role }) => role === 'active');
  const usual = query.experiment === null ? (blueGreen ? 'preview' : 'canary') : templateOf(query.experiment, versions);
  if (typeof usual !== 'string' && query.candidate === null) {
    const which = `${asked({ ...query, route: null, rollout: null })} has the templates ${list(usual)}`;
    return refused(400, `${which}: write candidate=TEMPLATE`);
  }
  const candidate = find(query.candidate ?? (typeof usual === 'string' ? usual : ''), query, versions);
  const baseline = find(query.baseline ?? (blueGreen ? 'active' : 'stable'), query, versions);
  if ('kind' in candidate) return candidate;
  if ('kind' in baseline) return baseline;
  const absent = (reason: string): Subjects => ({
    kind: 'absent',
    route,
    candidate: candidate.version,
    baseline: baseline.version,
    reason,
  });
  const missing = (name: string) => absent(`route ${route} has no ${name} now: there ${present(versions)}`);
  if (candidate.version === null) return missing(candidate.name);
  if (baseline.version === null) return missing(baseline.name);
  if (candidate.version === baseline.version) {
    return absent(`candidate and baseline are the same version, ${candidate.version.id.version}`);
  }
  return { kind: 'found', route, candidate: candidate.version, baseline: baseline.version };
}

function routesOf({ route, rollout, experiment }: AnalysisQuery, known: readonly KnownVersion[]): string[] {
  const having = (matches: (version: KnownVersion) => boolean) =>
    new Set(known.filter(matches).map(({ id }) => id.route));
  const conditions = [having(({ id }) => route === null || id.route === route)];
  if (rollout !== null) {
    conditions.push(having(({ id }) => id.experiment === '' && isOf(rollout, id.namespace, id.rollout)));
  }
  if (experiment !== null) conditions.push(having(({ id }) => isOf(experiment, id.namespace, id.experiment)));
  const [first = new Set<string>()] = conditions;
  return [...first].filter((name) => conditions.every((routes) => routes.has(name))).toSorted();
}

function isOf(wanted: ObjectName, namespace: string, name: string): boolean {
  return wanted.name === name && (wanted.namespace === null || wanted.namespace === namespace);
}

function unknownRoute(query: AnalysisQuery, known: readonly KnownVersion[]): Subjects {
  const { route, rollout, experiment } = query;
  // An Experiment has versions only while it runs, and an analysis may ask before.
  if (experiment !== null && routesOf({ ...query, experiment: null }, known).length > 0) {
    const reason = `no route has a version of ${asked({ ...query, route: null, rollout: null })} now`;
    return { kind: 'absent', route: null, candidate: null, baseline: null, reason };
  }
  const routes = [...new Set(known.map(({ id }) => id.route))].toSorted();
  const rollouts = known.filter(({ id }) => id.rollout !== '').map(({ id }) => `${id.namespace}/${id.rollout}`);
  if (
    rollout !== null &&
    rollouts.length > 0 &&
    routesOf({ ...query, route: null, experiment: null }, known).length === 0
  ) {
    const remedy = `the rollouts are ${list([...new Set(rollouts)].toSorted())}`;
    return refused(404, `there is no ${asked({ route: null, rollout, experiment: null })}: ${remedy}`);
  }
  const what =
    route !== null && !routes.includes(route) ? `route ${route}` : asked({ route: null, rollout, experiment });
  return refused(404, `there is no ${what}: the routes are ${list(routes)}`);
}

/** `are stable 5d8c, canary 7f9b`, so that whoever wrote another name sees what to write. */
function present(versions: readonly KnownVersion[]): string {
  const names = versions.flatMap(({ id, role }) => {
    if (role === null) return [];
    return role === 'static' || role === id.version ? id.version : `${role} ${id.version}`;
  });
  if (names.length === 0) return 'is none';
  return `${names.length === 1 ? 'is' : 'are'} ${list(names)}`;
}

function spansNamespaces({ rollout, experiment }: AnalysisQuery, known: readonly KnownVersion[]): boolean {
  const namespaces = known
    .filter(
      ({ id }) =>
        (rollout !== null && isOf(rollout, id.namespace, id.rollout)) ||
        (experiment !== null && isOf(experiment, id.namespace, id.experiment)),
    )
    .map(({ id }) => id.namespace);
  return new Set(namespaces).size > 1;
}

/** The one that is meant when none is written: that called canary, or the only one. Otherwise all of them. */
function templateOf(experiment: ObjectName, versions: readonly KnownVersion[]): string | readonly string[] {
  const own = versions.filter(({ id }) => isOf(experiment, id.namespace, id.experiment));
  const templates = [...new Set(own.map(({ template }) => template))].toSorted();
  if (templates.includes('canary')) return 'canary';
  const [only, ...others] = templates;
  return only === undefined || others.length > 0 ? templates : only;
}

interface Found {
  readonly name: string;
  readonly version: KnownVersion | null;
}

/** A name may be a template of the Experiment that is asked for, a role, a hash, any template, a static version. */
function find(name: string, { experiment }: AnalysisQuery, versions: readonly KnownVersion[]): Found | Subjects {
  if (experiment !== null) {
    const own = named(
      name,
      versions.filter(({ id }) => isOf(experiment, id.namespace, id.experiment)),
    );
    if (own.length > 0) return only(name, own);
  }
  if (ROLES.includes(name)) return { name, version: versions.find(({ role }) => role === name) ?? null };
  const plain = named(
    name,
    versions.filter(({ id }) => id.experiment === ''),
  );
  return only(name, plain.length > 0 ? plain : named(name, versions));
}

/** Where templates share a hash, their versions are called `hash-template`. */
function named(name: string, versions: readonly KnownVersion[]): KnownVersion[] {
  return versions.filter(
    ({ id, template }) =>
      id.version === name || (template !== '' && (template === name || id.version === `${name}-${template}`)),
  );
}

function only(name: string, found: readonly KnownVersion[]): Found | Subjects {
  const present = found.filter(({ role }) => role !== null);
  const [version, ...others] = present.length > 0 ? present : found;
  if (others.length === 0) return { name: `version ${name}`, version: version ?? null };
  const names = found.map(({ id }) => `${id.version} of ${id.experiment}`);
  return refused(400, `${name} may be ${list(names)}: write which version, or experiment=NAME`);
}

function refused(status: 400 | 404, message: string): Subjects {
  return { kind: 'refused', status, message };
}

/** What was asked for, in words. */
function asked({ route, rollout, experiment }: Pick<AnalysisQuery, 'route' | 'rollout' | 'experiment'>): string {
  const name = (object: ObjectName) => (object.namespace === null ? object.name : `${object.namespace}/${object.name}`);
  return [
    route === null ? [] : [`route ${route}`],
    rollout === null ? [] : [`rollout ${name(rollout)}`],
    experiment === null ? [] : [`experiment ${name(experiment)}`],
  ]
    .flat()
    .join(' with ');
}

/** A few of them: an error is one line. */
function list(names: readonly string[]): string {
  if (names.length === 0) return 'none yet';
  return names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ');
}
