import { HeaderRules } from './header-rules.ts';
import { RouteIndex } from './route-index.ts';
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
  readonly index: RouteIndex;

  /** @param previous keeps the routes that are the same object, and the weighted sequence where the shares are the same. */
  constructor(table: RoutingTable, attach: (route: Route, version: Version) => L, previous?: Matcher<L>) {
    this.routes = loadedRoutes(table, attach, previous?.routes ?? []);
    this.index = previous?.index.isFor(table.routes) ? previous.index : new RouteIndex(table.routes);
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

  #findRoute(view: RequestView): LoadedRoute<L> | null {
    const { bytes, hostStart, hostEnd, pathStart, pathEnd } = view;
    const index = this.index.find(bytes, hostStart, hostEnd, pathStart, pathEnd);
    return index < 0 ? null : (this.routes[index] ?? null);
  }
}

/** Most routes of a new table are where they were, and most of them the same objects. */
function loadedRoutes<L extends Live>(
  table: RoutingTable,
  attach: (route: Route, version: Version) => L,
  previous: readonly LoadedRoute<L>[],
): readonly LoadedRoute<L>[] {
  let byName: ReadonlyMap<string, LoadedRoute<L>> | null = null;
  return table.routes.map((route, i) => {
    const guess = previous[i];
    if (guess?.source === route) return guess;
    if (guess?.name === route.name) return new LoadedRoute(route, attach, guess);
    byName ??= new Map(previous.map((one) => [one.name, one]));
    const old = byName.get(route.name);
    return old?.source === route ? old : new LoadedRoute(route, attach, old);
  });
}

/** A route with everything that a request needs at hand. */
export class LoadedRoute<L extends Live> {
  /** What it was made of. */
  readonly source: Route;
  readonly name: string;
  readonly candidates: readonly Candidate<L>[];
  readonly spread: Spread;
  readonly headerRules: HeaderRules<L>;

  constructor(route: Route, attach: (route: Route, version: Version) => L, before: LoadedRoute<L> | undefined) {
    this.source = route;
    this.name = route.name;
    this.candidates = attachVersions(route, attach);
    this.headerRules = new HeaderRules(route, this.candidates);
    const spread = new Spread(route.split);
    // An unrelated change must not restart the sequence: at many changes a second a 1% canary would get anything but 1%.
    this.spread = before?.spread.fingerprint === spread.fingerprint ? before.spread : spread;
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
