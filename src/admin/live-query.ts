/** What `/api/live` was asked for. */
export interface LiveQuery {
  /** The route whose details are wanted; null: none. */
  readonly route: string | null;
  /** Part of a route's name, hosts, path, Rollout or Experiment, in lower case; empty: all. */
  readonly text: string;
  /** `moving`: with a canary, preview or experiment. `failing`: with failed attempts, fallbacks or a version without endpoints. */
  readonly only: 'all' | 'moving' | 'failing';
  readonly sort: 'name' | 'rate' | 'failures';
  readonly offset: number;
  readonly limit: number;
}

const ONLY = ['all', 'moving', 'failing'] as const;
const SORTS = ['name', 'rate', 'failures'] as const;
const PARAMETERS = ['route', 'q', 'only', 'sort', 'offset', 'limit'];
/** Routes in one answer. */
const MOST = 100;
const USUAL = 50;

/** A string says what is wrong with it. */
export function parseLiveQuery(query: URLSearchParams): LiveQuery | string {
  for (const name of query.keys()) {
    if (!PARAMETERS.includes(name)) return `${JSON.stringify(name)} is no parameter; there are ${PARAMETERS.join(' ')}`;
  }
  const only = oneOf(ONLY, query.get('only') ?? 'all');
  if (only === null) return `only must be one of ${ONLY.join(' ')}`;
  const sort = oneOf(SORTS, query.get('sort') ?? 'name');
  if (sort === null) return `sort must be one of ${SORTS.join(' ')}`;
  const offset = wholeNumber(query.get('offset') ?? '0');
  if (offset === null) return 'offset must be a whole number';
  const limit = wholeNumber(query.get('limit') ?? String(USUAL));
  if (limit === null || limit > MOST) return `limit must be a whole number up to ${MOST}`;
  return { route: query.get('route'), text: (query.get('q') ?? '').trim().toLowerCase(), only, sort, offset, limit };
}

function oneOf<T extends string>(values: readonly T[], text: string): T | null {
  return values.find((value) => value === text) ?? null;
}

function wholeNumber(text: string): number | null {
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}
