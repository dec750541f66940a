import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../model/problem.ts';
import type { CompileMemory } from './compile.ts';
import { compileRollout, type TemplateClaim } from './compile-rollout.ts';
import { compileStatic } from './compile-static.ts';
import type { RolloutMemory } from './held-rollout.ts';
import type { PlannedRoute } from './plan-routes.ts';
import { RecordedIndex } from './recorded-index.ts';
import type { SnapshotIndex } from './snapshot-index.ts';
import type { Endpoint, Route } from './table.ts';
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
  readonly #byName: ReadonlyMap<string, Entry>;

  constructor(
    plan: readonly PlannedRoute[],
    index: SnapshotIndex,
    memory: CompileMemory,
    before: CompiledRoutes | null,
  ) {
    const keys = new TemplateKeys();
    const known = before === null ? new Map<string, Entry>() : before.#byName;
    this.list = plan.map((planned) => {
      const old = known.get(nameOf(planned));
      if (old !== undefined && stillHolds(old, planned, index, keys)) return old;
      const entry = compileOne(planned, index, memory, keys);
      // Workers keep a route that is the same object, with its weighted sequence and all that they made of it.
      const same = old !== undefined && isDeepStrictEqual(old.compiled.route, entry.compiled.route);
      return same ? { ...entry, compiled: { ...entry.compiled, route: old.compiled.route } } : entry;
    });
    this.#byName = new Map(this.list.map((entry) => [nameOf(entry.planned), entry]));
  }
}

function nameOf(planned: PlannedRoute): string {
  return planned.kind === 'static' ? planned.config.name : planned.route.name;
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
