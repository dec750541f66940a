import type { LiveQuery } from './live-query.ts';
import { type LiveRoute, liveRoute } from './live-route.ts';
import { isMoving, type LiveRow, liveRow, matchingRoutes } from './live-rows.ts';
import type { LiveState, TableState } from './state.ts';

/** The JSON of `/api/live`: what the page needs, in one answer. See docs/dashboard.md. */
export interface LiveView {
  /** Milliseconds since 1970, by Headgate's clock. */
  readonly now: number;
  readonly headgate: {
    readonly version: string;
    /** Milliseconds since 1970. Another value than before: it has been restarted, and counts from 0 again. */
    readonly startedAt: number;
    /** Null: ready. */
    readonly unready: string | null;
    /** Of the newest table. */
    readonly generation: number;
    /** The generation that each worker applies, by slot. */
    readonly workers: readonly number[];
  };
  /** How much time the figures cover; less than 30 just after the start. */
  readonly windowSeconds: number;
  readonly totals: {
    readonly requestsPerSecond: number;
    /** Failed attempts of all; null without attempts. */
    readonly failureRate: number | null;
    /** Requests that reached no version. */
    readonly unroutedPerSecond: number;
    /** Routes with a canary, preview or experiment. */
    readonly moving: number;
  };
  readonly problems: {
    readonly count: number;
    /** The first of them. */
    readonly items: readonly { readonly place: string; readonly message: string; readonly remedy: string }[];
  };
  readonly routes: {
    readonly total: number;
    /** Those that the query matches; `items` is a part of them. */
    readonly matching: number;
    readonly offset: number;
    readonly items: readonly LiveRow[];
  };
  /** The route that was asked for; null: none was, or it is not there. */
  readonly route: LiveRoute | null;
}

const MOST_PROBLEMS = 50;

export function liveView(query: LiveQuery, live: LiveState, state: TableState, unready: string | null): LiveView {
  const { recent, version, startedAt } = live;
  const { table, problems } = state;
  const totals = recent.totals();
  const matching = matchingRoutes(query, table, state, recent);
  const asked = query.route === null ? undefined : table.routes.find(({ name }) => name === query.route);
  return {
    now: live.now,
    headgate: { version, startedAt, unready, generation: state.generation, workers: state.workers },
    windowSeconds: recent.windowSeconds,
    totals: {
      requestsPerSecond: totals.requestsPerSecond,
      failureRate: totals.attempts === 0 ? null : totals.failures / totals.attempts,
      unroutedPerSecond: totals.unroutedPerSecond,
      moving: table.routes.filter(isMoving).length,
    },
    problems: { count: problems.length, items: problems.slice(0, MOST_PROBLEMS) },
    routes: {
      total: table.routes.length,
      matching: matching.length,
      offset: query.offset,
      items: matching.slice(query.offset, query.offset + query.limit).map(({ route }) => liveRow(route, state, recent)),
    },
    route: asked === undefined ? null : liveRoute(asked, state, recent),
  };
}
