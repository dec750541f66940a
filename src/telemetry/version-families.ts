import type { Route } from '../routing/table.ts';
import { sum, sums } from './blocks.ts';
import { type Family, type FamilyHead, family, familyHeads } from './family.ts';
import { type SeriesLabels, seriesKey, seriesLabels } from './keys.ts';
import {
  ATTEMPT_BASE,
  ATTEMPT_OUTCOMES,
  EJECTION_BASE,
  EJECTION_REASONS,
  ENDPOINTS_EJECTED,
  FAILURE_BASE,
  FALLBACK_COUNT,
  IN_FLIGHT,
  PENDING,
  REJECTION_BASE,
  REJECTION_REASONS,
  RETRY_BASE,
  RETRY_REASONS,
  RETRY_REFUSED_BASE,
  UPSTREAM_FAILURE_REASONS,
} from './layout.ts';

/** What workers count of a version besides the requests that it answered. */
function countedFamilies(prefix: string): Family[] {
  const { counter, gauge } = familyHeads(prefix);
  return [
    slot(gauge('requests_in_flight', 'Requests that have begun and not ended.'), IN_FLIGHT),
    words(
      counter(
        'attempts_total',
        'Attempts to have a request answered by the version, by how they ended; also those that no client has seen.',
      ),
      'outcome',
      ATTEMPT_BASE,
      ATTEMPT_OUTCOMES,
    ),
    reasons(
      counter('upstream_failures_total', 'Failed exchanges with an endpoint of the version.'),
      FAILURE_BASE,
      UPSTREAM_FAILURE_REASONS,
    ),
    reasons(
      counter(
        'retries_total',
        'Requests that failed at the version and were sent once more: to it again, or to the version that falls in for it.',
      ),
      RETRY_BASE,
      RETRY_REASONS,
    ),
    reasons(
      counter(
        'retries_refused_total',
        'Requests that could have been sent once more to the version, had its retry budget not been used up.',
      ),
      RETRY_REFUSED_BASE,
      RETRY_REASONS,
    ),
    slot(gauge('requests_pending', 'Requests that wait for an endpoint of the version that is not full.'), PENDING),
    reasons(
      counter(
        'requests_rejected_total',
        'Requests answered 503 because every endpoint of the version was full: the queue too, or for too long.',
      ),
      REJECTION_BASE,
      REJECTION_REASONS,
    ),
    reasons(
      counter(
        'ejections_total',
        'Times that a worker began to leave out an endpoint of the version because it failed.',
      ),
      EJECTION_BASE,
      EJECTION_REASONS,
    ),
    slot(
      gauge(
        'endpoints_ejected',
        'Endpoints of the version that workers leave out now: an endpoint counts once for each worker that does.',
      ),
      ENDPOINTS_EJECTED,
    ),
  ];
}

/** What is known of each version besides the requests that it answered. */
export function versionFamilies(prefix: string): Family[] {
  const { counter, gauge } = familyHeads(prefix);
  return [
    ...countedFamilies(prefix),
    family(
      counter('fallback_total', 'Requests that another version than the one asked for answered.'),
      ({ fallbacks }) => fallbacks,
      (fallback, out) => {
        out.labels(fallback.labels);
        out.value(sum(fallback, FALLBACK_COUNT));
      },
    ),
    family(
      counter('health_checks_total', 'Health checks of endpoints of the version, by result.'),
      ({ state }) => state.health,
      ({ labels, success, failure }, out) => {
        out.labels(labels);
        out.labelled('result', 'success', success);
        out.labelled('result', 'failure', failure);
      },
    ),
    family(
      gauge('endpoints_unhealthy', 'Endpoints of the version that health checks find unhealthy.'),
      ({ state }) => state.health,
      ({ labels, unhealthy }, out) => {
        out.labels(labels);
        out.value(unhealthy);
      },
    ),
    family(
      gauge('weight', 'Weight of the version in its route, as applied now.'),
      ({ state }) => state.table?.routes ?? [],
      (route, out) => {
        for (const { labels, weight } of weightsOf(route)) {
          out.labels(labels);
          out.value(weight);
        }
      },
    ),
  ];
}

function slot(head: FamilyHead, index: number): Family {
  return family(
    head,
    ({ series }) => series,
    (series, out) => {
      out.labels(series.labels);
      out.value(sum(series, index));
    },
  );
}

function reasons(head: FamilyHead, base: number, all: readonly string[]): Family {
  return words(head, 'reason', base, all);
}

/** A slot for each word, beginning with `base`. */
function words(head: FamilyHead, label: string, base: number, all: readonly string[]): Family {
  const counts = new Float64Array(all.length);
  return family(
    head,
    ({ series }) => series,
    (series, out) => {
      out.labels(series.labels);
      sums(series, base, counts);
      for (let index = 0; index < all.length; index++) out.labelled(label, all[index] ?? '', counts[index] ?? 0);
    },
  );
}

interface Weight {
  readonly labels: SeriesLabels;
  readonly weight: number;
}

/** Routes do not change, and most of a new table's are those of the table before. */
const known = new WeakMap<Route, readonly Weight[]>();

/**
 * Versions that no share names are there at 0: they are reached by header only. With all labels of the version: its role
 * here is the one that it has now, and other metrics are joined with it by the rest.
 */
function weightsOf(route: Route): readonly Weight[] {
  let weights = known.get(route);
  if (weights === undefined) {
    const byKey = new Map<string, Weight>();
    for (const [index, version] of route.versions.entries()) {
      const key = seriesKey(route.name, version);
      let weight = byKey.get(key)?.weight ?? 0;
      for (const share of route.split) if (share.version === index) weight += share.weight;
      byKey.set(key, { labels: seriesLabels(route, version), weight });
    }
    weights = [...byKey.values()];
    known.set(route, weights);
  }
  return weights;
}
