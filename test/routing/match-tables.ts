import { Decision, type Live, Matcher, type RequestView } from '../../src/routing/match.ts';
import type { HeaderMatch, HeaderRule, Route, Target, Version } from '../../src/routing/table.ts';

/** Usable, until a test says otherwise. */
interface Switch extends Live {
  usable: boolean;
  listed: boolean;
}

export function version(key: string, change: Partial<Version> = {}): Version {
  const name = key.split('/').at(-1) ?? '';
  return { key, role: 'static', name, namespace: '', rollout: '', experiment: '', fallback: [], ...change };
}

export function target(asked: string, versions: readonly number[], change: Partial<Target> = {}): Target {
  return { asked, versions, reason: null, fallback: true, ...change };
}

export function rule(header: string, match: HeaderMatch, to: Target, label = `header:${header}`): HeaderRule {
  return { origin: 'route', label, header, match, target: to };
}

/** One version that takes everything, unless `change` says more. */
export function route(name: string, change: Partial<Route> = {}): Route {
  const versions = [version(`static/${name}/main`)];
  const split = [{ version: 0, weight: 100 }];
  return { name, hosts: [], path: '/', versions, rules: [], experiments: null, split, ...change };
}

/** Stable (0), canary (1) and two templates of an experiment (2, 3); all weight on stable. */
export function rolloutRoute(change: Partial<Route> = {}): Route {
  return route('talana', {
    versions: [
      version('shop/talana/5d8c', { role: 'stable', fallback: [1] }),
      version('shop/talana/7f9b', { role: 'canary', fallback: [0] }),
      version('shop/ab/blue', { role: 'experiment', fallback: [0, 1] }),
      version('shop/ab/green', { role: 'experiment', fallback: [0, 1] }),
    ],
    split: [
      { version: 0, weight: 100 },
      { version: 1, weight: 0 },
    ],
    ...change,
  });
}

/** A loaded table and the switches of its versions. */
export interface Loaded {
  readonly matcher: Matcher<Switch>;
  /** Takes these versions' endpoints away, by key, and makes all others usable. */
  readonly down: (...keys: readonly string[]) => void;
  /** Leaves these their endpoints, and makes them unusable. */
  readonly sick: (...keys: readonly string[]) => void;
  readonly decide: (view: RequestView) => ReturnType<typeof decide>;
  /** The table that comes after this one. */
  readonly next: (...routes: readonly Route[]) => Loaded;
}

export function load(...routes: readonly Route[]): Loaded {
  return loadAfter(undefined, routes, new Map());
}

function loadAfter(
  before: Matcher<Switch> | undefined,
  routes: readonly Route[],
  switches: Map<string, Switch>,
): Loaded {
  const attach = (_: Route, { key }: Version): Switch => {
    const found = switches.get(key) ?? { usable: true, listed: true };
    switches.set(key, found);
    return found;
  };
  const matcher = new Matcher<Switch>({ routes }, attach, before);
  return {
    matcher,
    down: (...keys) => {
      for (const [key, live] of switches) {
        live.listed = !keys.includes(key);
        live.usable = live.listed;
      }
    },
    sick: (...keys) => {
      for (const key of keys) {
        const live = switches.get(key);
        if (live !== undefined) live.usable = false;
      }
    },
    decide: (view) => decide(matcher, view),
    next: (...after) => loadAfter(matcher, after, switches),
  };
}

/** One for all, as a connection has one for all of its requests: nothing of the last one may stay in it. */
const decision = new Decision<Switch>();

/** What a request came to, with keys in place of objects. */
function decide(matcher: Matcher<Switch>, view: RequestView) {
  matcher.decide(view, decision);
  const { route: found, chosen, served, rule: decidedBy, from, reason, mayFallBack } = decision;
  return {
    route: found?.name ?? null,
    chosen: chosen?.version.key ?? null,
    served: served?.version.key ?? null,
    rule: decidedBy,
    from,
    reason,
    mayFallBack,
  };
}
