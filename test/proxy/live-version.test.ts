import t from 'tap';
import { LiveVersion } from '../../src/proxy/live-version.ts';
import { ENDPOINTS_EJECTED } from '../../src/telemetry/layout.ts';
import { VersionPool } from '../../src/upstream/version-pool.ts';
import { version } from '../routing/match-tables.ts';

t.test(
  'the gauge of a version of which nothing is new is not written: of 2,000 idle ones that was 7 MB, at every table',
  async (t) => {
    const counters = new Float64Array(ENDPOINTS_EJECTED + 1);
    const live = new LiveVersion(version('k'), new VersionPool('k', { maxIdle: 1 }), counters, null);
    // What would be written over.
    counters[ENDPOINTS_EJECTED] = -1;
    live.showEjected(0);
    t.equal(counters[ENDPOINTS_EJECTED], -1);
    live.showEjected(2);
    t.equal(counters[ENDPOINTS_EJECTED], 2);
    live.showEjected(0);
    t.equal(counters[ENDPOINTS_EJECTED], 0);
  },
);
