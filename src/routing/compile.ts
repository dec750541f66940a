import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/config.ts';
import type { Pod } from '../model/pod.ts';
import type { Problem } from '../model/problem.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { CompiledRoutes } from './compiled-routes.ts';
import { ConfiguredPlan } from './configured-plan.ts';
import type { CompileMemory } from './held-rollout.ts';
import { type HostClaims, hostClaims, withOwnHosts } from './host-clashes.ts';
import { RolloutPlans } from './rollout-plans.ts';
import { SnapshotIndex } from './snapshot-index.ts';
import type { EndpointMap, RoutingTable } from './table.ts';

export interface Compiled {
  /** The same object as before while its routes are the same. */
  readonly table: RoutingTable;
  readonly endpoints: EndpointMap;
  /** At least those that are others than in the compilation that `cache` is of, while the table is the same. */
  readonly changedEndpoints: EndpointMap;
  readonly problems: readonly Problem[];
  /** To be passed to the next call. */
  readonly memory: CompileMemory;
  /** For each route of a Rollout, by its name: which rule gave the weights. */
  readonly reasons: Readonly<Record<string, string>>;
  /** To be passed to the next call to save work. */
  readonly cache: CompileCache;
}

/** Work of the last call that need not be done again while what it was made of is the same. */
export interface CompileCache {
  readonly index: SnapshotIndex;
  readonly plan: RolloutPlans | ConfiguredPlan;
  readonly routes: CompiledRoutes;
  readonly claims: HostClaims;
  readonly table: RoutingTable;
  readonly memory: CompileMemory;
  readonly reasons: Compiled['reasons'];
}

/**
 * Objects and configuration in, routing table and endpoints out. Pure: the same input gives the same output, in the same
 * order; what must be remembered between two calls goes in and out as `memory`. Never throws on a mistake of a user:
 * what is wrong is left out alone, as a problem.
 *
 * @param cache of the call before; changes nothing but the time that it takes
 */
export function compile(
  snapshot: Snapshot,
  config: Pick<Config, 'routes'>,
  memory: CompileMemory,
  cache: CompileCache | null = null,
): Compiled {
  const index = new SnapshotIndex(snapshot, cache?.index ?? null);
  const plan = planFor(snapshot, config, index, cache?.plan ?? null);
  const routes = new CompiledRoutes(plan.routes, index, memory, cache?.routes ?? null);
  const claims = cache !== null && routes.sameHosts(cache.routes) ? cache.claims : hostClaims(routes.placed());
  const same = cache !== null && claims === cache.claims && routes.sameRoutes(cache.routes);
  const table = same ? cache.table : sameTable(cache?.table, withOwnHosts(routes.all(), claims));
  const kept = cache !== null && routes.sameMemory(cache.routes) ? cache : routes.memory();
  const problems = [
    ...snapshot.problems,
    ...snapshot.orphans.filter(({ hash }) => hash !== '').map(orphan),
    ...plan.problems,
    ...routes.problems,
    ...claims.problems,
  ];
  return {
    table,
    get endpoints() {
      return routes.endpoints;
    },
    changedEndpoints: routes.changedSince(cache?.routes ?? null),
    problems: unique(problems),
    memory: kept.memory,
    reasons: kept.reasons,
    cache: { index, plan, routes, claims, table, memory: kept.memory, reasons: kept.reasons },
  };
}

function planFor(
  snapshot: Snapshot,
  { routes: configured }: Pick<Config, 'routes'>,
  index: SnapshotIndex,
  before: CompileCache['plan'] | null,
): CompileCache['plan'] {
  if (configured === null) return new RolloutPlans(snapshot, index, before instanceof RolloutPlans ? before : null);
  const plan = before instanceof ConfiguredPlan ? before : null;
  return plan?.holds(snapshot, configured, index) ? plan : new ConfiguredPlan(snapshot, configured, index, plan);
}

/** The table before where it says the same. A route with a host taken from it is a new object each time. */
function sameTable(before: RoutingTable | undefined, routes: RoutingTable['routes']): RoutingTable {
  const kept = routes.map((route, i) => {
    const old = before?.routes[i];
    return old !== undefined && (old === route || isDeepStrictEqual(old, route)) ? old : route;
  });
  const same = before?.routes.length === kept.length && kept.every((route, i) => route === before.routes[i]);
  return same ? before : { routes: kept };
}

/** A version's Pods are those of its ReplicaSet: the label alone could be that of another Rollout or Experiment. */
function orphan({ namespace, name, hash }: Pod): Problem {
  return {
    place: `Pod ${namespace}/${name}`,
    message: `has the rollouts-pod-template-hash ${hash}, but no ReplicaSet owns it: it takes no requests`,
    remedy: 'name its ReplicaSet (ROLLOUT-HASH or EXPERIMENT-TEMPLATE) in metadata.ownerReferences',
  };
}

/** Two routes to one Rollout find the same mistakes in it. */
function unique(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length < 2) return problems;
  const seen = new Map(problems.map((problem) => [`${problem.place}\n${problem.message}`, problem]));
  return [...seen.values()];
}
