import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../model/problem.ts';
import { compileRollout, type TemplateClaim } from './compile-rollout.ts';
import { compileStatic } from './compile-static.ts';
import type { CompileMemory, RolloutMemory } from './held-rollout.ts';
import type { PlannedRoute } from './plan-routes.ts';
import { RecordedIndex } from './recorded-index.ts';
import type { SnapshotIndex } from './snapshot-index.ts';
import type { Endpoint, EndpointMap, Route } from './table.ts';
import { TemplateKeys } from './template-keys.ts';

/** A route of the plan with what was made of it. */
interface Entry {
  readonly planned: PlannedRoute;
  readonly compiled: CompiledRoute;
  readonly claims: readonly TemplateClaim[];
  readonly holds: RecordedIndex['holds'];
}

interface CompiledRoute {
  readonly route: Route;
  readonly endpoints: ReadonlyMap<string, readonly Endpoint[]>;
  readonly problems: readonly Problem[];
  /** Null: it leads to no Rollout. */
  readonly memory: RolloutMemory | null;
  readonly reason: string;
}

const ALWAYS = () => true;

/** The routes of a plan, compiled; those whose objects are the same as in the compilation before are taken from it. */
export class CompiledRoutes {
  readonly list: readonly Entry[];
  #byName: ReadonlyMap<string, Entry> | null = null;
  #endpoints: EndpointMap | null = null;

  constructor(
    plan: readonly PlannedRoute[],
    index: SnapshotIndex,
    memory: CompileMemory,
    before: CompiledRoutes | null,
  ) {
    const keys = new TemplateKeys();
    this.list = plan.map((planned, i) => {
      const old = before === null ? undefined : before.#find(nameOf(planned), i);
      if (old === undefined) return compileOne(planned, index, memory, keys);
      return stillHolds(old, planned, index, keys) ? old : likeBefore(compileOne(planned, index, memory, keys), old);
    });
  }

  /** Of all versions. */
  get endpoints(): EndpointMap {
    this.#endpoints ??= Object.fromEntries(this.list.flatMap(({ compiled }) => [...compiled.endpoints]));
    return this.#endpoints;
  }

  /** Of the routes that were not taken over from the compilation before. */
  changedSince(before: CompiledRoutes | null): EndpointMap {
    const changed = this.list.filter((entry, i) => entry !== before?.list[i]);
    return Object.fromEntries(changed.flatMap(({ compiled }) => [...compiled.endpoints]));
  }

  /** The routes with the places that problems with them are told at. */
  placed(): { readonly route: Route; readonly place: string }[] {
    return this.list.map(({ planned, compiled }) => ({ route: compiled.route, place: planned.place }));
  }

  all(): readonly Route[] {
    return this.list.map(({ compiled }) => compiled.route);
  }

  /** Who claims what is as it was. */
  sameHosts({ list }: CompiledRoutes): boolean {
    return pairwise(this.list, list, (a, b) => {
      const [one, other] = [a.compiled.route, b.compiled.route];
      const same = one.hosts === other.hosts && one.path === other.path && one.name === other.name;
      return same && a.planned.place === b.planned.place;
    });
  }

  sameMemory({ list }: CompiledRoutes): boolean {
    return pairwise(
      this.list,
      list,
      (a, b) =>
        nameOf(a.planned) === nameOf(b.planned) &&
        rolloutOf(a.planned) === rolloutOf(b.planned) &&
        a.compiled.memory === b.compiled.memory &&
        a.compiled.reason === b.compiled.reason,
    );
  }

  /** What the next compilation needs of each Rollout, and for people, by route, what gave the weights. */
  memory(): { readonly memory: CompileMemory; readonly reasons: Readonly<Record<string, string>> } {
    const memory: Record<string, RolloutMemory> = {};
    // A route may be called `constructor`, which every other object has.
    const reasons: Record<string, string> = Object.create(null);
    for (const { planned, compiled } of this.list) {
      const rollout = rolloutOf(planned);
      if (rollout === null || compiled.memory === null) continue;
      memory[rollout] = compiled.memory;
      reasons[nameOf(planned)] = compiled.reason;
    }
    return { memory, reasons };
  }

  /** @param i where it was, most of the time */
  #find(name: string, i: number): Entry | undefined {
    const guess = this.list[i];
    if (guess !== undefined && nameOf(guess.planned) === name) return guess;
    this.#byName ??= new Map(this.list.map((entry) => [nameOf(entry.planned), entry]));
    return this.#byName.get(name);
  }
}

/**
 * The entry, with the parts of the one before that say the same: workers keep a route that is the same object, with its
 * weighted sequence and all that they made of it.
 */
function likeBefore(entry: Entry, old: Entry): Entry {
  const { route, memory } = entry.compiled;
  return {
    ...entry,
    compiled: {
      ...entry.compiled,
      route: isDeepStrictEqual(old.compiled.route, route) ? old.compiled.route : route,
      memory: isDeepStrictEqual(old.compiled.memory, memory) ? old.compiled.memory : memory,
    },
  };
}

function pairwise(list: readonly Entry[], others: readonly Entry[], same: (a: Entry, b: Entry) => boolean): boolean {
  if (list.length !== others.length) return false;
  return list.every((entry, i) => {
    const other = others[i];
    return entry === other || (other !== undefined && same(entry, other));
  });
}

function nameOf(planned: PlannedRoute): string {
  return planned.kind === 'static' ? planned.config.name : planned.route.name;
}

/** `namespace/name`; null: it leads to none. */
function rolloutOf(planned: PlannedRoute): string | null {
  if (planned.kind !== 'rollout') return null;
  const { namespace, name } = planned.route.rollout;
  return `${namespace}/${name}`;
}

function stillHolds(old: Entry, planned: PlannedRoute, index: SnapshotIndex, keys: TemplateKeys): boolean {
  return (
    samePlan(old.planned, planned) &&
    old.holds(index) &&
    old.claims.every(({ plain, port, key }) => keys.claim(plain, port) === key)
  );
}

function samePlan(a: PlannedRoute, b: PlannedRoute): boolean {
  if (a === b) return true;
  if (a.kind === 'static' && b.kind === 'static') return a.config === b.config;
  if (a.kind !== 'rollout' || b.kind !== 'rollout') return false;
  // A Rollout that did not change is the same object; what else a plan says is short.
  return a.route.rollout === b.route.rollout && isDeepStrictEqual(a, b);
}

function compileOne(planned: PlannedRoute, index: SnapshotIndex, memory: CompileMemory, keys: TemplateKeys): Entry {
  if (planned.kind === 'rollout') {
    const { namespace, name } = planned.route.rollout;
    const recorded = new RecordedIndex(index);
    const compiled = compileRollout(planned.route, recorded, memory[`${namespace}/${name}`] ?? null, keys);
    return { planned, compiled, claims: compiled.claims, holds: recorded.holds };
  }
  const compiled =
    planned.kind === 'static'
      ? compileStatic(planned.config)
      : { route: planned.route, endpoints: new Map<string, readonly Endpoint[]>(), problems: [] };
  return { planned, compiled: { ...compiled, memory: null, reason: '' }, claims: [], holds: ALWAYS };
}
