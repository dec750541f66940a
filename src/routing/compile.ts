import type { Config, RouteConfig } from '../config/config.ts';
import type { Pod } from '../model/pod.ts';
import type { Problem } from '../model/problem.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { compileRollout, type RolloutRoute } from './compile-rollout.ts';
import { compileStatic } from './compile-static.ts';
import type { RolloutMemory } from './held-rollout.ts';
import { withoutClashes } from './host-clashes.ts';
import { planRoutes } from './plan-routes.ts';
import type { TargetPort } from './ports.ts';
import { SnapshotIndex } from './snapshot-index.ts';
import type { Endpoint, EndpointMap, Route, RoutingTable } from './table.ts';

/** What a compilation leaves to the next, by `namespace/name` of the Rollout. Plain data; `{}` at the start. */
export type CompileMemory = Readonly<Record<string, RolloutMemory>>;

export interface Compiled {
  readonly table: RoutingTable;
  readonly endpoints: EndpointMap;
  readonly problems: readonly Problem[];
  /** To be passed to the next call. */
  readonly memory: CompileMemory;
  /** For each route of a Rollout, by its name: which rule gave the weights. */
  readonly reasons: Readonly<Record<string, string>>;
}

/**
 * Objects and configuration in, routing table and endpoints out. Pure: the same input gives the same output, in the same
 * order; what must be remembered between two calls goes in and out as `memory`. Never throws on a mistake of a user:
 * what is wrong is left out alone, as a problem.
 */
export function compile(snapshot: Snapshot, config: Pick<Config, 'routes'>, memory: CompileMemory): Compiled {
  const index = new SnapshotIndex(snapshot);
  const plan = planRoutes(snapshot, config, index);
  const routes: { route: Route; place: string }[] = [];
  const endpoints = new Map<string, readonly Endpoint[]>();
  const problems: Problem[] = [
    ...snapshot.problems.map(unreadable),
    ...snapshot.pods.filter(isOrphan).map(orphan),
    ...plan.problems,
  ];
  const nextMemory: Record<string, RolloutMemory> = {};
  const reasons: Record<string, string> = {};
  const experimentPorts = new Map<string, TargetPort>();

  const compilePlanned = (route: RolloutRoute) => {
    const key = `${route.rollout.namespace}/${route.rollout.name}`;
    const compiled = compileRollout(route, index, memory[key] ?? null, experimentPorts);
    nextMemory[key] = compiled.memory;
    reasons[route.name] = compiled.reason;
    return compiled;
  };
  for (const planned of plan.routes) {
    const compiled = planned.kind === 'rollout' ? compilePlanned(planned.route) : otherRoute(planned);
    routes.push({ route: compiled.route, place: planned.place });
    for (const [key, list] of compiled.endpoints) endpoints.set(key, list);
    problems.push(...compiled.problems);
  }

  const distinct = withoutClashes(routes);
  return {
    table: { routes: distinct.routes },
    endpoints: Object.fromEntries(endpoints),
    problems: unique([...problems, ...distinct.problems]),
    memory: nextMemory,
    reasons,
  };
}

function otherRoute(planned: { kind: 'static'; config: RouteConfig } | { kind: 'empty'; route: Route }) {
  if (planned.kind === 'static') return compileStatic(planned.config);
  return { route: planned.route, endpoints: new Map<string, readonly Endpoint[]>(), problems: [] };
}

/** `Rollout shop/web: spec.replicas: expected int` */
function unreadable(text: string): Problem {
  const colon = text.indexOf(': ');
  return {
    place: text.slice(0, colon),
    message: `cannot be understood and is left out: ${text.slice(colon + 2)}`,
    remedy: 'correct the object',
  };
}

/** A version's Pods are those of its ReplicaSet: the label alone could be that of another Rollout or Experiment. */
function isOrphan({ hash, replicaSet }: Pod): boolean {
  return hash !== '' && replicaSet === '';
}

function orphan({ namespace, name, hash }: Pod): Problem {
  return {
    place: `Pod ${namespace}/${name}`,
    message: `has the rollouts-pod-template-hash ${hash}, but no ReplicaSet owns it: it takes no requests`,
    remedy: 'name its ReplicaSet (ROLLOUT-HASH or EXPERIMENT-TEMPLATE) in metadata.ownerReferences',
  };
}

/** Two routes to one Rollout find the same mistakes in it. */
function unique(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Map(problems.map((problem) => [`${problem.place}\n${problem.message}`, problem]));
  return [...seen.values()];
}
