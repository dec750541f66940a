import { HeaderRules } from './header-rules.ts';
import { hostName } from './host-name.ts';
import { Spread } from './spread.ts';
import type { FallbackReason, Route, RoutingTable, Version } from './table.ts';

/**
 * All that choosing a version may know of a request. Positions are into `bytes`; a codec for another protocol only has
 * to offer this view.
 */
export interface RequestView {
  readonly bytes: Buffer;
  /** The authority to route by, port included; both -1 when the request names none. */
  readonly hostStart: number;
  readonly hostEnd: number;
  /** The path without its query. Empty means `/`. */
  readonly pathStart: number;
  readonly pathEnd: number;
  /** Index of the next field with this lower-case name, or -1. */
  findField(name: Uint8Array, from: number): number;
  fieldStart(index: number): number;
  fieldEnd(index: number): number;
}

/** What the data plane attaches to a version: whether it can answer, and whatever else it needs there. */
export interface Live {
  /** At least one endpoint is worth a try. */
  readonly usable: boolean;
  /** There are endpoints, though all of them may be ejected or found unhealthy. */
  readonly listed: boolean;
}

/** A version of a loaded table with what is attached to it. */
export interface Candidate<L extends Live> {
  readonly version: Version;
  readonly live: L;
  readonly fallback: readonly Candidate<L>[];
}

/** How a request came to its version. One object is reused for all requests of a connection. */
export class Decision<L extends Live> {
  /** Null: no route (404). */
  route: LoadedRoute<L> | null = null;
  /** The version chosen; null when the route or rule has none. Charged when nobody is usable. */
  chosen: Candidate<L> | null = null;
  /** The version that answers; null: nobody has an endpoint (503). */
  served: Candidate<L> | null = null;
  /** `weight`, or the label of the header rule. */
  rule = '';
  /** What was asked for when `served` is something else; empty otherwise. The `from` label of `fallback_total`. */
  from = '';
  reason: FallbackReason | '' = '';
  /** False: the rule says `fallback: none`. */
  mayFallBack = true;
}

/** Chooses a version for each request. Swapped whole for another when the table changes. */
export class Matcher<L extends Live> {
  readonly routes: readonly LoadedRoute<L>[];
  readonly #byHost = new Map<string, LoadedRoute<L>[]>();
  /** By what stands behind the `*`: `.example.org`. */
  readonly #bySuffix = new Map<string, LoadedRoute<L>[]>();
  readonly #anyHost: LoadedRoute<L>[] = [];

  /** @param previous keeps the routes that are the same object, and the weighted sequence where the shares are the same. */
  constructor(table: RoutingTable, attach: (route: Route, version: Version) => L, previous?: Matcher<L>) {
    const before = new Map(previous?.routes.map((route) => [route.name, route]));
    this.routes = table.routes.map((route) => {
      const old = before.get(route.name);
      return old?.source === route ? old : new LoadedRoute(route, attach, old);
    });
    for (const route of this.routes.toSorted(longestPathFirst)) {
      if (route.hosts.length === 0) this.#anyHost.push(route);
      for (const host of route.hosts) {
        if (host.startsWith('*.')) addTo(this.#bySuffix, host.slice(1), route);
        else addTo(this.#byHost, host, route);
      }
    }
  }

  /** Fills `decision`. Takes the next place of the route's weighted sequence only when no header rule decides. */
  decide(view: RequestView, decision: Decision<L>): void {
    decision.chosen = null;
    decision.served = null;
    decision.rule = '';
    decision.from = '';
    decision.reason = '';
    decision.mayFallBack = true;
    const route = this.#findRoute(view);
    decision.route = route;
    if (route === null) return;
    const loaded = route.headerRules.find(view);
    if (loaded === null) {
      decision.rule = 'weight';
      settle(decision, route.nextWeighted());
      return;
    }
    const { target } = loaded;
    decision.rule = loaded.label;
    decision.mayFallBack = target.fallback;
    if (target.reason !== null) {
      decision.from = target.asked;
      decision.reason = target.reason;
    }
    settle(decision, loaded.next());
  }

  /** The host's own routes, then those of the suffixes it has, the longest first, then those of any host. */
  #findRoute(view: RequestView): LoadedRoute<L> | null {
    if (view.hostStart >= 0 && (this.#byHost.size > 0 || this.#bySuffix.size > 0)) {
      const host = hostName(view.bytes, view.hostStart, view.hostEnd);
      const route = routeForPath(this.#byHost.get(host), view) ?? this.#findBySuffix(host, view);
      if (route !== null) return route;
    }
    return routeForPath(this.#anyHost, view);
  }

  #findBySuffix(host: string, view: RequestView): LoadedRoute<L> | null {
    if (this.#bySuffix.size === 0) return null;
    for (let dot = host.indexOf('.', 1); dot > 0; dot = host.indexOf('.', dot + 1)) {
      const route = routeForPath(this.#bySuffix.get(host.slice(dot)), view);
      if (route !== null) return route;
    }
    return null;
  }
}

function addTo<R>(lists: Map<string, R[]>, key: string, route: R): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [route]);
  else list.push(route);
}

/** The first that takes the path; `routes` have the longest path first. */
function routeForPath<L extends Live>(
  routes: readonly LoadedRoute<L>[] | undefined,
  view: RequestView,
): LoadedRoute<L> | null {
  if (routes === undefined) return null;
  for (let i = 0; i < routes.length; i += 1) {
    const route = routes[i];
    if (route?.takesPath(view)) return route;
  }
  return null;
}

/** A route with everything that a request needs at hand. */
export class LoadedRoute<L extends Live> {
  /** What it was made of. */
  readonly source: Route;
  readonly name: string;
  readonly hosts: readonly string[];
  readonly path: string;
  readonly candidates: readonly Candidate<L>[];
  readonly spread: Spread;
  readonly headerRules: HeaderRules<L>;
  readonly #pathBytes: Buffer;

  constructor(route: Route, attach: (route: Route, version: Version) => L, before: LoadedRoute<L> | undefined) {
    this.source = route;
    this.name = route.name;
    this.hosts = route.hosts;
    this.path = route.path;
    this.#pathBytes = Buffer.from(route.path === '/' ? '' : route.path.replace(/\/$/, ''), 'latin1');
    this.candidates = attachVersions(route, attach);
    this.headerRules = new HeaderRules(route, this.candidates);
    const spread = new Spread(route.split);
    // An unrelated change must not restart the sequence: at many changes a second a 1% canary would get anything but 1%.
    this.spread = before?.spread.fingerprint === spread.fingerprint ? before.spread : spread;
  }

  takesPath(view: RequestView): boolean {
    const prefix = this.#pathBytes;
    const length = view.pathEnd - view.pathStart;
    if (length < prefix.length) return false;
    for (let i = 0; i < prefix.length; i += 1) {
      if (view.bytes[view.pathStart + i] !== prefix[i]) return false;
    }
    return length === prefix.length || prefix.length === 0 || view.bytes[view.pathStart + prefix.length] === 0x2f;
  }

  nextWeighted(): Candidate<L> | null {
    return this.candidates[this.spread.next()] ?? null;
  }
}

function settle<L extends Live>(decision: Decision<L>, chosen: Candidate<L> | null): void {
  decision.chosen = chosen;
  if (chosen === null) return;
  if (chosen.live.usable) {
    decision.served = chosen;
    return;
  }
  for (const candidate of decision.mayFallBack ? chosen.fallback : []) {
    if (!candidate.live.usable) continue;
    fallTo(decision, chosen, candidate);
    return;
  }
  panic(decision, chosen);
}

/** Nobody is usable. Where there are endpoints at all, one that is thought to be dead is a better answer than 503. */
function panic<L extends Live>(decision: Decision<L>, chosen: Candidate<L>): void {
  if (chosen.live.listed) decision.served = chosen;
  else if (decision.mayFallBack) {
    const listed = chosen.fallback.find((candidate) => candidate.live.listed);
    if (listed !== undefined) fallTo(decision, chosen, listed);
  }
}

function fallTo<L extends Live>(decision: Decision<L>, chosen: Candidate<L>, candidate: Candidate<L>): void {
  decision.served = candidate;
  // Of two fallbacks in a row the second is the one that counts: it says which version is in trouble.
  decision.from = roleName(chosen.version);
  decision.reason = chosen.live.listed ? 'unhealthy' : 'no_endpoints';
}

/** What people call a version: its role, or the name of a static one that has no role. */
export function roleName(version: Version): string {
  return version.role === 'static' ? version.name : version.role;
}

function attachVersions<L extends Live>(
  route: Route,
  attach: (route: Route, version: Version) => L,
): readonly Candidate<L>[] {
  const candidates = route.versions.map((version) => {
    const fallback: Candidate<L>[] = [];
    return { version, live: attach(route, version), fallback };
  });
  for (const { version, fallback } of candidates) {
    for (const index of version.fallback) {
      const candidate = candidates[index];
      if (candidate !== undefined) fallback.push(candidate);
    }
  }
  return candidates;
}

function longestPathFirst(a: { path: string; name: string }, b: { path: string; name: string }): number {
  return b.path.length - a.path.length || (a.path < b.path ? -1 : a.path > b.path ? 1 : a.name < b.name ? -1 : 1);
}
