import type { RouteConfig } from '../config/config.ts';
import type { Problem } from '../model/problem.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { type PlannedRoute, planRoutes, type RoutePlan } from './plan-routes.ts';
import { RecordedIndex } from './recorded-index.ts';
import type { SnapshotIndex } from './snapshot-index.ts';

/** The routes that the configuration has, and what they were planned from. */
export class ConfiguredPlan implements RoutePlan {
  readonly routes: readonly PlannedRoute[];
  readonly problems: readonly Problem[];
  readonly #snapshot: Snapshot;
  readonly #configured: readonly RouteConfig[];
  readonly #holds: RecordedIndex['holds'];

  constructor(snapshot: Snapshot, configured: readonly RouteConfig[], index: SnapshotIndex) {
    const recorded = new RecordedIndex(index);
    const { routes, problems } = planRoutes(snapshot, configured, recorded);
    this.routes = routes;
    this.problems = problems;
    this.#snapshot = snapshot;
    this.#configured = configured;
    this.#holds = recorded.holds;
  }

  /** Whether it would come out the same. */
  holds({ rollouts, unreadableRollouts }: Snapshot, configured: readonly RouteConfig[], index: SnapshotIndex): boolean {
    return (
      this.#configured === configured &&
      this.#snapshot.rollouts === rollouts &&
      this.#snapshot.unreadableRollouts.join() === unreadableRollouts.join() &&
      this.#holds(index)
    );
  }
}
