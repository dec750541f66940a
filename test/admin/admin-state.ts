import type { AdminState } from '../../src/admin/state.ts';
import { SeriesRegistry } from '../../src/telemetry/counters.ts';
import { RecentTraffic } from '../../src/telemetry/recent-traffic.ts';

const recent = new RecentTraffic(new SeriesRegistry({ workers: 1, now: () => 0 }), () => 0);

/** Of a process that is ready and has no routes. */
export const STATE: AdminState = {
  unready: () => null,
  metrics: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', body: [Buffer.from('up 1\n')] }),
  table: () => ({
    generation: 0,
    workers: [0],
    table: { routes: [] },
    endpoints: {},
    reasons: {},
    healthOf: () => null,
    leftOut: () => ({}),
    problems: [],
  }),
  live: () => ({ recent, version: '0.1.0', startedAt: 0, now: 0 }),
  explain: () => null,
  analysis: async () => ({ status: 404, body: 'there is no route' }),
  analysisBlocks: () => ({ status: 400, body: 'there is nothing to compare' }),
};
