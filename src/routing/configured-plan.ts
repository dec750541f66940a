import type { RouteConfig } from '../config/config.ts';
import type { Problem } from '../model/problem.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { type PlannedRoute, planRoutes, type RoutePlan } from './plan-routes.ts';
import { type Reads, RecordedIndex, readsHold } from './recorded-index.ts';
import type { SnapshotIndex } from './snapshot-index.ts';

/** The routes that the configuration has, and what they were planned from. */
export class ConfiguredPlan implements RoutePlan {
  readonly routes: readonly PlannedRoute[];
  readonly problems: readonly Problem[];
  readonly #unreadable: string;
  readonly #configured: readonly RouteConfig[];
  readonly #reads: Reads;

  /** @param before of the index that `index` was made of: what says the same is taken from it */
  constructor(
    snapshot: Snapshot,
    configured: readonly RouteConfig[],
    index: SnapshotIndex,
    before: ConfiguredPlan | null,
  ) {
    const recorded = new RecordedIndex(index);
    const { routes, problems } = planRoutes(snapshot, configured, recorded);
    this.routes = routes.map((route, i) => {
      const old = before?.routes[i];
      return old !== undefined && saysTheSame(route, old) ? old : route;
    });
    this.problems = problems;
    this.#unreadable = snapshot.unreadableRollouts.join();
    this.#configured = configured;
    this.#reads = recorded.reads;
  }

  /** Whether it would come out the same. */
  holds({ unreadableRollouts }: Snapshot, configured: readonly RouteConfig[], index: SnapshotIndex): boolean {
    return (
      this.#configured === configured && this.#unreadable === unreadableRollouts.join() && readsHold(this.#reads, index)
    );
  }
}

/** Of two routes at the same place of the configuration. */
function saysTheSame(a: PlannedRoute, b: PlannedRoute): boolean {
  if (a.kind === 'static' && b.kind === 'static') return a.config === b.config;
  if (a.kind !== 'rollout' || b.kind !== 'rollout') return false;
  const [one, other] = [a.route, b.route];
  return one.config === other.config && one.rollout === other.rollout && one.keySuffix === other.keySuffix;
}
