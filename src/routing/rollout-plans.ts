import { isDeepStrictEqual } from 'node:util';
import { compareText } from '../model/order.ts';
import type { Problem } from '../model/problem.ts';
import type { Rollout } from '../model/rollout.ts';
import type { Service } from '../model/service.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { RolloutRoute } from './compile-rollout.ts';
import type { ObjectIndex } from './object-index.ts';
import type { PlannedRoute, RoutePlan } from './plan-routes.ts';
import { RecordedIndex } from './recorded-index.ts';
import { rolloutServices, serviceHosts } from './rollout-services.ts';
import type { SnapshotIndex } from './snapshot-index.ts';

/** What one Rollout gets: a route, or none. */
interface Plan {
  readonly route: RolloutRoute | null;
  readonly problems: readonly Problem[];
}

interface Entry extends Plan {
  readonly rollout: Rollout;
  readonly alone: boolean;
  readonly planned: readonly PlannedRoute[];
  readonly holds: RecordedIndex['holds'];
}

/**
 * The routes of a configuration that has none: one for each Rollout. One alone takes every request; several are told
 * apart by the names of their Services. A Rollout whose objects are the same as before keeps its plan.
 */
export class RolloutPlans implements RoutePlan {
  readonly routes: readonly PlannedRoute[];
  readonly problems: readonly Problem[];
  readonly #entries = new Map<string, Entry>();

  constructor({ rollouts, unreadableRollouts }: Snapshot, index: SnapshotIndex, before: RolloutPlans | null) {
    // One that cannot be read counts: its requests must not go to the other.
    const alone = rollouts.length === 1 && unreadableRollouts.length === 0;
    const known = before === null ? new Map<string, Entry>() : before.#entries;
    for (const rollout of rollouts) {
      const key = keyOf(rollout);
      const old = known.get(key);
      const holds = old !== undefined && old.rollout === rollout && old.alone === alone && old.holds(index);
      this.#entries.set(key, holds ? old : newEntry(rollout, alone, index, old));
    }
    // Of two that claim a host the older one keeps it: a newcomer takes nobody's requests.
    const entries = [...this.#entries.values()].sort((a, b) => byAge(a.rollout, b.rollout));
    this.routes = entries.flatMap(({ planned }) => planned);
    const none = rollouts.length === 0 && unreadableRollouts.length === 0;
    this.problems = none ? [NO_ROLLOUT] : entries.flatMap(({ problems }) => problems);
  }
}

/** The sort is stable: those of the same second, and those without a time, which come last, stay in order of their names. */
function byAge(a: Rollout, b: Rollout): number {
  if (a.createdAt === '' || b.createdAt === '') return Number(a.createdAt === '') - Number(b.createdAt === '');
  return compareText(a.createdAt, b.createdAt);
}

function keyOf({ namespace, name }: Rollout): string {
  return `${namespace}/${name}`;
}

function newEntry(rollout: Rollout, alone: boolean, index: SnapshotIndex, old: Entry | undefined): Entry {
  const recorded = new RecordedIndex(index);
  const { route, problems } = plan(rollout, alone, recorded);
  const place = placeOf(rollout);
  // Who claims which host is worked out again only when the hosts are others.
  const hosts = isDeepStrictEqual(route?.hosts, old?.route?.hosts) ? old?.route?.hosts : route?.hosts;
  const planned: PlannedRoute[] =
    route === null ? [] : [{ kind: 'rollout', place, route: { ...route, hosts: hosts ?? route.hosts } }];
  return { route, problems, rollout, alone, planned, holds: recorded.holds };
}

function placeOf(rollout: Rollout): string {
  return `Rollout ${keyOf(rollout)}`;
}

function plan(rollout: Rollout, alone: boolean, index: ObjectIndex): Plan {
  const { name, status } = rollout;
  const place = placeOf(rollout);
  const pods = () => [status.stableRS, status.currentPodHash].flatMap((hash) => index.rolloutPods(rollout, hash));
  const services = alone ? [] : rolloutServices(rollout, index, pods);
  const isUnique = (service: string) => index.servicesNamed(service).length === 1;
  const hosts = serviceHosts(services, isUnique);
  const shared = services.filter((service) => !isUnique(service.name));
  const problems = shared.length > 0 ? [{ place, ...sharedNames(shared) }] : [];
  // "Any host" would take the requests of the others.
  if (!alone && hosts.length === 0) return { route: null, problems: [...problems, { place, ...NO_HOST }] };
  const unique = index.rolloutsNamed(name).length === 1;
  const config = { place, port: null, headers: [], experiments: null, tls: null, healthCheck: null, slowStart: 0 };
  const route = { name: unique ? name : keyOf(rollout), hosts, path: '/', rollout, config, keySuffix: '' };
  return { route, problems };
}

const NO_ROLLOUT: Problem = {
  place: 'source',
  message: 'there is no Rollout: every request gets 404',
  remedy: 'create one, or look at the namespaces that are read (source.kubernetes.namespaces, --namespace)',
};

const NO_HOST = {
  message: 'is not alone, and no Service gives it a host name: no request leads to it',
  remedy: 'write a route with hosts for it, or name its Services in spec.strategy',
};

/** To send them to one of the Services would send the clients of one namespace to another. */
function sharedNames(services: readonly Service[]): Pick<Problem, 'message' | 'remedy'> {
  const bare = services.map(({ name }) => name).join(', ');
  const qualified = services.map(({ name, namespace }) => `${name}.${namespace}`).join(', ');
  return {
    message: `other namespaces have Services of the same name: no request for the bare host ${bare} leads to it`,
    remedy: `ask for ${qualified}, or write a route with hosts for it`,
  };
}
