import { type Counted, sum, sums } from './blocks.ts';
import { type Family, family, familyHeads, type SampleWriter } from './family.ts';
import type { SeriesLabels } from './keys.ts';
import { DURATION_BOUNDS, DURATION_BUCKETS, DURATION_SUM, FIRST_STATUS, STATUS_BASE, STATUS_COUNT } from './layout.ts';
import { nativeDurations } from './native-histogram.ts';

/** Shown at 0 before the first request, so that a query for them has an answer (design section 6). */
const STATUSES_AT_ZERO: ReadonlySet<number> = new Set([200, 404, 500, 502, 503, 504]);
/** The same for requests that reached no version: the answers that Headgate itself gives. */
const UNROUTED_AT_ZERO: ReadonlySet<number> = new Set([400, 404, 408, 414, 417, 431, 501, 503, 505]);
const UNROUTED: SeriesLabels = { route: '', namespace: '', rollout: '', experiment: '', role: '', version: '' };

/** `http_requests_total` and `http_request_duration_seconds`: the names in AnalysisTemplates found in the wild. */
const HTTP_ALIAS = 'http_';

/** What was answered, and how long it took: `requests_total`, `request_duration_seconds` and their aliases. */
export function requestFamilies(prefix: string, httpAlias: boolean): Family[] {
  const own = [requests(prefix), durations(prefix, true)];
  // Whoever uses the names of the wild asks for `_bucket`, which a Prometheus that takes native histograms does not store.
  return httpAlias && prefix !== HTTP_ALIAS ? [...own, requests(HTTP_ALIAS), durations(HTTP_ALIAS, false)] : own;
}

function requests(prefix: string): Family {
  return family(
    familyHeads(prefix).counter('requests_total', 'Requests answered, by the version that answered and the status.'),
    ({ series, workers }) => [
      ...series.map((counted) => ({ counted, atZero: STATUSES_AT_ZERO })),
      { counted: { labels: UNROUTED, blocks: workers }, atZero: UNROUTED_AT_ZERO },
    ],
    ({ counted, atZero }, out) => writeStatuses(counted, atZero, out),
  );
}

function durations(prefix: string, native: boolean): Family {
  return family(
    familyHeads(prefix).histogram(
      'request_duration_seconds',
      'Time from the first byte of the request head to the last byte of the response.',
    ),
    ({ series }) => series,
    (series, out) => {
      out.labels(series.labels);
      out.histogram({
        bounds: DURATION_BOUNDS,
        cumulative: cumulativeDurations(series),
        sum: sum(series, DURATION_SUM),
        native: native ? () => nativeDurations(series) : null,
      });
    },
  );
}

/** Sums of one version after the other. */
const statuses = new Float64Array(STATUS_COUNT);

function writeStatuses(counted: Counted<SeriesLabels>, atZero: ReadonlySet<number>, out: SampleWriter): void {
  out.labels(counted.labels);
  sums(counted, STATUS_BASE, statuses);
  for (let index = 0; index < STATUS_COUNT; index++) {
    const value = statuses[index] ?? 0;
    const status = FIRST_STATUS + index;
    if (value > 0 || atZero.has(status)) out.labelled('status', status, value);
  }
}

const buckets = new Float64Array(DURATION_BOUNDS.length + 1);

function cumulativeDurations(series: Counted<SeriesLabels>): number[] {
  sums(series, DURATION_BUCKETS, buckets);
  const cumulative: number[] = [];
  let count = 0;
  for (const held of buckets) {
    count += held;
    cumulative.push(count);
  }
  return cumulative;
}
