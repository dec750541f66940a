import { isDeepStrictEqual } from 'node:util';
import { compareText } from '../model/order.ts';
import type { Problem } from '../model/problem.ts';
import type { Rollout } from '../model/rollout.ts';
import type { Service } from '../model/service.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { RolloutRoute } from './compile-rollout.ts';
import type { ObjectIndex } from './object-index.ts';
import type { PlannedRoute, RoutePlan } from './plan-routes.ts';
import { type Reads, RecordedIndex, readsHold } from './recorded-index.ts';
import { Results } from './results.ts';
import { rolloutServices, serviceHosts } from './rollout-services.ts';
import { samplePods } from './sample-pods.ts';
import type { SnapshotIndex } from './snapshot-index.ts';

/** What one Rollout gets: a route, or none. */
interface Plan {
  readonly route: RolloutRoute | null;
  readonly problems: readonly Problem[];
}

interface Entry {
  readonly rollout: Rollout;
  /** Null: no route. */
  readonly planned: RoutedRollout | null;
  readonly problems: readonly Problem[];
  readonly reads: Reads;
}

type RoutedRollout = Extract<PlannedRoute, { readonly kind: 'rollout' }>;

/** An entry that was made anew, with the one that was in its place. */
interface Replacement {
  readonly place: number;
  readonly old: Entry;
  readonly entry: Entry;
}

/** More new entries than this find their routes' places by sorting all. */
const MOST_REPLACED = 32;

/**
 * The routes of a configuration that has none: one for each Rollout. One alone takes every request; several are told
 * apart by the names of their Services. A Rollout whose objects are the same as before keeps its plan.
 */
export class RolloutPlans implements RoutePlan {
  readonly routes: readonly PlannedRoute[];
  readonly problems: readonly Problem[];
  readonly #alone: boolean;
  /** Of the Rollouts in order. */
  readonly #entries: Results<Rollout, Entry>;

  /** @param before of the index that `index` was made of */
  constructor(snapshot: Snapshot, index: SnapshotIndex, before: RolloutPlans | null) {
    const { rollouts, unreadableRollouts } = snapshot;
    // One that cannot be read counts: its requests must not go to the other.
    this.#alone = rollouts.length === 1 && unreadableRollouts.length === 0;
    const last = before === null || before.#alone !== this.#alone ? NO_ENTRIES : before.#entries;
    const replaced = replacements(last, rollouts, this.#alone, index);
    this.#entries =
      replaced === null
        ? new Results(rollouts, allEntries(last.list, rollouts, this.#alone, index))
        : last.with(
            rollouts,
            replaced.map(({ place, entry }) => [place, entry]),
          );
    const plan = before === null || replaced === null || last === NO_ENTRIES ? null : planWith(before, replaced);
    const { routes, problems } = plan ?? wholePlan(this.#entries.list);
    this.routes = routes;
    this.problems = rollouts.length + unreadableRollouts.length === 0 ? [NO_ROLLOUT] : problems;
  }
}

const NO_ENTRIES: Results<Rollout, Entry> = new Results([], []);

/** Null: others came or went, or nobody knows what has changed. */
function replacements(
  entries: Results<Rollout, Entry>,
  rollouts: readonly Rollout[],
  alone: boolean,
  index: SnapshotIndex,
): readonly Replacement[] | null {
  const stale = entries.stale(rollouts, index.changes);
  if (stale === null) return null;
  return stale.flatMap((place) => {
    const [old, rollout] = [entries.list[place], rollouts[place]];
    if (old === undefined || rollout === undefined || holds(old, rollout, index)) return [];
    return [{ place, old, entry: newEntry(rollout, alone, index, old) }];
  });
}

function allEntries(
  before: readonly Entry[],
  rollouts: readonly Rollout[],
  alone: boolean,
  index: SnapshotIndex,
): readonly Entry[] {
  const known = new Map(before.map((entry) => [keyOf(entry.rollout), entry]));
  return rollouts.map((rollout) => {
    const old = known.get(keyOf(rollout));
    return old !== undefined && holds(old, rollout, index) ? old : newEntry(rollout, alone, index, old);
  });
}

function holds(entry: Entry, rollout: Rollout, index: SnapshotIndex): boolean {
  return entry.rollout === rollout && readsHold(entry.reads, index);
}

function wholePlan(all: readonly Entry[]): RoutePlan {
  // Of two that claim a host the older one keeps it: a newcomer takes nobody's requests.
  const entries = all.toSorted((a, b) => byAge(a.rollout, b.rollout));
  return {
    routes: entries.flatMap(({ planned }) => planned ?? []),
    problems: entries.flatMap(({ problems }) => problems),
  };
}

/** The plan with the routes of the new entries in the places of the old; null: the order or the problems may be others. */
function planWith(before: RoutePlan, replaced: readonly Replacement[]): RoutePlan | null {
  // Whether a plan without routes has a problem depends on more than its entries.
  if (before.routes.length === 0 || replaced.length > MOST_REPLACED) return null;
  if (replaced.length === 0) return before;
  const routes = [...before.routes];
  for (const { old, entry } of replaced) {
    const [from, to] = [old.planned, entry.planned];
    const samePlace = old.rollout.createdAt === entry.rollout.createdAt && from !== null && to !== null;
    if (!samePlace || old.problems.length + entry.problems.length > 0) return null;
    routes[routes.indexOf(from)] = to;
  }
  return { routes, problems: before.problems };
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
  return { rollout, planned: route && planned(route, old?.planned ?? null), problems, reads: recorded.reads };
}

/** @returns `old` itself where it would come out the same: what else a route has follows from these three */
function planned(route: RolloutRoute, old: RoutedRollout | null): RoutedRollout {
  // Who claims which host is worked out again only when the hosts are others.
  const hosts = old !== null && isDeepStrictEqual(route.hosts, old.route.hosts) ? old.route.hosts : route.hosts;
  const { rollout, name } = route;
  if (old?.route.rollout === rollout && old.route.name === name && old.route.hosts === hosts) return old;
  return { kind: 'rollout', place: placeOf(route.rollout), route: { ...route, hosts } };
}

function placeOf(rollout: Rollout): string {
  return `Rollout ${keyOf(rollout)}`;
}

function plan(rollout: Rollout, alone: boolean, index: ObjectIndex): Plan {
  const { name, status } = rollout;
  const place = placeOf(rollout);
  const hashes = [status.stableRS, status.currentPodHash];
  const samples = () => samplePods(hashes.map((hash) => index.rolloutPods(rollout, hash)));
  const services = alone ? [] : rolloutServices(rollout, index, samples);
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
