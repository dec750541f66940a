import { compileRegex } from './regex.ts';
import { Spread } from './spread.ts';
import type { ExperimentHeader, FallbackReason, HeaderRule, Route, RoutingTable, Target, Version } from './table.ts';

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
  /** At least one endpoint can be tried. */
  readonly usable: boolean;
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
  /** The version that answers; null: nobody usable (503). */
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
  readonly #byHost = new Map<string, readonly LoadedRoute<L>[]>();
  readonly #suffixes: readonly { readonly suffix: string; readonly routes: readonly LoadedRoute<L>[] }[];
  readonly #anyHost: readonly LoadedRoute<L>[];
  readonly #hostMatters: boolean;

  /** @param previous keeps the weighted sequence of every route whose shares are unchanged. */
  constructor(table: RoutingTable, attach: (route: Route, version: Version) => L, previous?: Matcher<L>) {
    const before = new Map(previous?.routes.map((route) => [route.name, route]));
    this.routes = table.routes.map((route) => new LoadedRoute(route, attach, before.get(route.name)));
    const matching = (accepts: (pattern: string) => boolean) =>
      this.routes.filter((route) => route.hosts.some(accepts)).toSorted(longestPathFirst);
    this.#anyHost = this.routes.filter((route) => route.hosts.length === 0).toSorted(longestPathFirst);
    const patterns = new Set(this.routes.flatMap((route) => route.hosts));
    const suffixes = [...patterns].filter((host) => host.startsWith('*.')).map((host) => host.slice(1));
    suffixes.sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
    // A host's routes, most specific first: its own name, then the suffixes it has, then any host.
    const tail = (host: string) => [
      ...suffixes.filter((suffix) => host.endsWith(suffix)).flatMap((suffix) => matching((p) => p === `*${suffix}`)),
      ...this.#anyHost,
    ];
    this.#suffixes = suffixes.map((suffix) => ({ suffix, routes: tail(`x${suffix}`) }));
    for (const host of patterns) {
      if (!host.startsWith('*.')) this.#byHost.set(host, [...matching((p) => p === host), ...tail(host)]);
    }
    this.#hostMatters = patterns.size > 0;
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
    const target = route.matchHeaders(view, decision);
    if (target === null) {
      decision.rule = 'weight';
      settle(decision, route.nextWeighted());
      return;
    }
    decision.mayFallBack = target.fallback;
    if (target.reason !== null) {
      decision.from = target.asked;
      decision.reason = target.reason;
    }
    settle(decision, route.nextOf(target));
  }

  #findRoute(view: RequestView): LoadedRoute<L> | null {
    const candidates = this.#hostMatters ? this.#routesOfHost(view) : this.#anyHost;
    for (let i = 0; i < candidates.length; i += 1) {
      const route = candidates[i];
      if (route?.takesPath(view)) return route;
    }
    return null;
  }

  #routesOfHost(view: RequestView): readonly LoadedRoute<L>[] {
    if (view.hostStart < 0) return this.#anyHost;
    // The whole host, case-insensitively, without port and root dot; never a substring (CVE-2026-55602).
    let end = view.hostEnd;
    for (let i = view.hostEnd - 1; i > view.hostStart; i -= 1) {
      const byte = view.bytes[i] ?? 0;
      if (byte === 0x3a) {
        end = i;
        break;
      }
      if (byte < 0x30 || byte > 0x39) break;
    }
    if (end - 1 > view.hostStart && view.bytes[end - 1] === 0x2e) end -= 1;
    const host = view.bytes.toString('latin1', view.hostStart, end).toLowerCase();
    const exact = this.#byHost.get(host);
    if (exact !== undefined) return exact;
    for (const { suffix, routes } of this.#suffixes) {
      if (host.length > suffix.length && host.endsWith(suffix)) return routes;
    }
    return this.#anyHost;
  }
}

/** A route with everything that a request needs at hand. */
export class LoadedRoute<L extends Live> {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly path: string;
  readonly candidates: readonly Candidate<L>[];
  readonly spread: Spread;
  readonly #pathBytes: Buffer;
  readonly #rules: readonly LoadedRule[];
  readonly #experiments: LoadedExperiments | null;
  #turn = 0;

  constructor(route: Route, attach: (route: Route, version: Version) => L, before: LoadedRoute<L> | undefined) {
    this.name = route.name;
    this.hosts = route.hosts;
    this.path = route.path;
    this.#pathBytes = Buffer.from(route.path === '/' ? '' : route.path.replace(/\/$/, ''), 'latin1');
    this.candidates = attachVersions(route, attach);
    this.#rules = route.rules.map((rule) => new LoadedRule(rule));
    this.#experiments = route.experiments === null ? null : new LoadedExperiments(route.experiments);
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

  /** The target of the first header rule that matches, with `decision.rule` set; null: none does. */
  matchHeaders(view: RequestView, decision: Decision<L>): Target | null {
    for (let i = 0; i < this.#rules.length; i += 1) {
      const rule = this.#rules[i];
      if (rule?.matches(view)) {
        decision.rule = rule.label;
        return rule.target;
      }
    }
    const target = this.#experiments?.find(view) ?? null;
    if (target !== null) decision.rule = `experiment:${target.asked}`;
    return target;
  }

  nextWeighted(): Candidate<L> | null {
    return this.candidates[this.spread.next()] ?? null;
  }

  /** Several versions of one target take turns, those that cannot answer left out while another can. */
  nextOf(target: Target): Candidate<L> | null {
    const { versions } = target;
    const first = this.candidates[versions[0] ?? -1] ?? null;
    if (versions.length < 2) return first;
    this.#turn += 1;
    for (let i = 0; i < versions.length; i += 1) {
      const candidate = this.candidates[versions[(this.#turn + i) % versions.length] ?? -1];
      if (candidate?.live.usable) return candidate;
    }
    return first;
  }
}

function settle<L extends Live>(decision: Decision<L>, chosen: Candidate<L> | null): void {
  decision.chosen = chosen;
  if (chosen === null) return;
  if (chosen.live.usable) {
    decision.served = chosen;
    return;
  }
  if (!decision.mayFallBack) return;
  for (const candidate of chosen.fallback) {
    if (!candidate.live.usable) continue;
    decision.served = candidate;
    if (decision.from === '') {
      decision.from = roleName(chosen.version);
      decision.reason = 'no_endpoints';
    }
    return;
  }
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

/** A header rule on bytes: a field that no rule names is never looked at. */
class LoadedRule {
  readonly label: string;
  readonly target: Target;
  readonly #name: Buffer;
  readonly #kind: 'exact' | 'prefix' | 'regex' | 'present';
  readonly #value: Buffer;
  readonly #regex: ((value: string) => boolean) | null;

  constructor(rule: HeaderRule) {
    this.label = rule.label;
    this.target = rule.target;
    this.#name = Buffer.from(rule.header, 'latin1');
    this.#kind = rule.match.kind;
    this.#value = Buffer.from(rule.match.kind === 'present' ? '' : rule.match.value, 'utf8');
    this.#regex = rule.match.kind === 'regex' ? compileRegex(rule.match.value) : null;
  }

  /** True when any field of that name matches. */
  matches(view: RequestView): boolean {
    for (let i = view.findField(this.#name, 0); i >= 0; i = view.findField(this.#name, i + 1)) {
      if (this.#matchesValue(view.bytes, view.fieldStart(i), view.fieldEnd(i))) return true;
    }
    return false;
  }

  #matchesValue(bytes: Buffer, start: number, end: number): boolean {
    if (this.#kind === 'present') return true;
    if (this.#regex !== null) return this.#regex(bytes.toString('utf8', start, end));
    const value = this.#value;
    const length = end - start;
    if (this.#kind === 'exact' ? length !== value.length : length < value.length) return false;
    for (let i = 0; i < value.length; i += 1) {
      if (bytes[start + i] !== value[i]) return false;
    }
    return true;
  }
}

class LoadedExperiments {
  readonly #name: Buffer;
  readonly #targets: ReadonlyMap<string, Target>;

  constructor(experiments: ExperimentHeader) {
    this.#name = Buffer.from(experiments.header, 'latin1');
    this.#targets = new Map(experiments.values);
  }

  find(view: RequestView): Target | null {
    for (let i = view.findField(this.#name, 0); i >= 0; i = view.findField(this.#name, i + 1)) {
      const target = this.#targets.get(view.bytes.toString('utf8', view.fieldStart(i), view.fieldEnd(i)));
      if (target !== undefined) return target;
    }
    return null;
  }
}
