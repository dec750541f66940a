import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../model/problem.ts';
import { compileRollout, type TemplateClaim } from './compile-rollout.ts';
import { compileStatic } from './compile-static.ts';
import type { CompileMemory, RolloutMemory } from './held-rollout.ts';
import type { PlannedRoute } from './plan-routes.ts';
import { type Reads, RecordedIndex, readsHold } from './recorded-index.ts';
import { Results } from './results.ts';
import type { SnapshotIndex } from './snapshot-index.ts';
import type { Endpoint, EndpointMap, Route } from './table.ts';
import { TemplateKeys } from './template-keys.ts';

/** A route of the plan with what was made of it. */
interface Entry {
  readonly planned: PlannedRoute;
  /** `namespace/name` of its Rollout; null: it leads to none. */
  readonly rollout: string | null;
  readonly compiled: CompiledRoute;
  readonly claims: readonly TemplateClaim[];
  readonly reads: Reads;
}

interface CompiledRoute {
  readonly route: Route;
  readonly endpoints: ReadonlyMap<string, readonly Endpoint[]>;
  readonly problems: readonly Problem[];
  /** Null: it leads to no Rollout. */
  readonly memory: RolloutMemory | null;
  readonly reason: string;
}

const NO_READS: Reads = new Map();

/** The routes of a plan, compiled; those whose objects are the same as in the compilation before are taken from it. */
export class CompiledRoutes {
  readonly #entries: Results<PlannedRoute, Entry>;
  /** In the order of the routes, several of which may find the same. */
  readonly problems: readonly Problem[];
  #endpoints: EndpointMap | null = null;

  /** @param before of the index that `index` was made of */
  constructor(
    plan: readonly PlannedRoute[],
    index: SnapshotIndex,
    memory: CompileMemory,
    before: CompiledRoutes | null,
  ) {
    const changed = before === null ? null : before.#replacements(plan, index, memory);
    this.#entries =
      before === null || changed === null
        ? new Results(plan, allEntries(plan, index, memory, before?.list ?? []))
        : before.#entries.with(plan, changed);
    // Nearly always there are none, neither before nor now, and a thousand entries would be looked at to find that.
    const none = changed?.every(([place, entry]) => hasNoProblem(entry) && hasNoProblem(before?.list[place]));
    this.problems = before !== null && none ? before.problems : this.list.flatMap(({ compiled }) => compiled.problems);
  }

  get list(): readonly Entry[] {
    return this.#entries.list;
  }

  /** What is other than here, by place. Null: all have to be looked at. */
  #replacements(
    plan: readonly PlannedRoute[],
    index: SnapshotIndex,
    memory: CompileMemory,
  ): readonly (readonly [place: number, entry: Entry])[] | null {
    const stale = this.#entries.stale(plan, index.changes);
    if (stale === null) return null;
    const keys = new TemplateKeys();
    const changed: [number, Entry][] = [];
    for (const place of stale) {
      const [old, planned] = [this.list[place], plan[place]];
      if (old === undefined || planned === undefined || nameOf(old.planned) !== nameOf(planned)) return null;
      // Whose key a template has depends on all who ask for it.
      if (old.claims.length > 0) return null;
      const entry = entryAfter(old, planned, index, memory, keys);
      if (entry.claims.length > 0) return null;
      if (entry !== old) changed.push([place, entry]);
    }
    return changed;
  }

  /** Of all versions. */
  get endpoints(): EndpointMap {
    this.#endpoints ??= Object.fromEntries(this.list.flatMap(({ compiled }) => [...compiled.endpoints]));
    return this.#endpoints;
  }

  /** Of the routes that were not taken over from the compilation before. */
  changedSince(before: CompiledRoutes | null): EndpointMap {
    if (this.list === before?.list) return {};
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

  sameRoutes({ list }: CompiledRoutes): boolean {
    return pairwise(this.list, list, (a, b) => a.compiled.route === b.compiled.route);
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
        a.rollout === b.rollout &&
        a.compiled.memory === b.compiled.memory &&
        a.compiled.reason === b.compiled.reason,
    );
  }

  /** What the next compilation needs of each Rollout, and for people, by route, what gave the weights. */
  memory(): { readonly memory: CompileMemory; readonly reasons: Readonly<Record<string, string>> } {
    const memory: Record<string, RolloutMemory> = {};
    // A route may be called `constructor`, which every other object has.
    const reasons: Record<string, string> = Object.create(null);
    for (const { planned, rollout, compiled } of this.list) {
      if (rollout === null || compiled.memory === null) continue;
      memory[rollout] = compiled.memory;
      reasons[nameOf(planned)] = compiled.reason;
    }
    return { memory, reasons };
  }
}

function allEntries(
  plan: readonly PlannedRoute[],
  index: SnapshotIndex,
  memory: CompileMemory,
  before: readonly Entry[],
): readonly Entry[] {
  const keys = new TemplateKeys();
  const known = new Map(before.map((entry) => [nameOf(entry.planned), entry]));
  return plan.map((planned) => {
    const old = known.get(nameOf(planned));
    return old === undefined ? compileOne(planned, index, memory, keys) : entryAfter(old, planned, index, memory, keys);
  });
}

/** @returns `old` itself where it would come out the same */
function entryAfter(
  old: Entry,
  planned: PlannedRoute,
  index: SnapshotIndex,
  memory: CompileMemory,
  keys: TemplateKeys,
): Entry {
  return stillHolds(old, planned, index, keys) ? old : likeBefore(compileOne(planned, index, memory, keys), old);
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

function hasNoProblem(entry: Entry | undefined): boolean {
  return entry === undefined || entry.compiled.problems.length === 0;
}

function pairwise(list: readonly Entry[], others: readonly Entry[], same: (a: Entry, b: Entry) => boolean): boolean {
  if (list === others) return true;
  if (list.length !== others.length) return false;
  return list.every((entry, i) => {
    const other = others[i];
    return entry === other || (other !== undefined && same(entry, other));
  });
}

function nameOf(planned: PlannedRoute): string {
  return planned.kind === 'static' ? planned.config.name : planned.route.name;
}

function stillHolds(old: Entry, planned: PlannedRoute, index: SnapshotIndex, keys: TemplateKeys): boolean {
  return (
    old.planned === planned &&
    readsHold(old.reads, index) &&
    old.claims.every(({ plain, port, key }) => keys.claim(plain, port) === key)
  );
}

function compileOne(planned: PlannedRoute, index: SnapshotIndex, memory: CompileMemory, keys: TemplateKeys): Entry {
  if (planned.kind === 'rollout') {
    const { namespace, name } = planned.route.rollout;
    const rollout = `${namespace}/${name}`;
    const recorded = new RecordedIndex(index);
    const compiled = compileRollout(planned.route, recorded, memory[rollout] ?? null, keys);
    return { planned, rollout, compiled, claims: compiled.claims, reads: recorded.reads };
  }
  const compiled =
    planned.kind === 'static'
      ? compileStatic(planned.config)
      : { route: planned.route, endpoints: new Map<string, readonly Endpoint[]>(), problems: [] };
  return { planned, rollout: null, compiled: { ...compiled, memory: null, reason: '' }, claims: [], reads: NO_READS };
}
