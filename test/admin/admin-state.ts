import type { AdminState } from '../../src/admin/state.ts';

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
  explain: () => null,
};
