import t from 'tap';
import type { Route, Target } from '../../src/routing/table.ts';
import type { SeriesRegistry } from '../../src/telemetry/counters.ts';
import { fallbackKey } from '../../src/telemetry/keys.ts';
import { recordFallback } from '../../src/telemetry/record.ts';
import { BOTH, CANARY, counting, STABLE } from './counting.ts';
import { route, table, target, version } from './tables.ts';

/** `from to reason` of each edge. */
function edges(registry: SeriesRegistry): string[] {
  return registry.fallbacks().map(({ labels }) => `${labels.from} ${labels.to} ${labels.reason}`);
}

/** A rule with this target, and an experiment header with that one. */
function withTargets(rule: Target, experiment: Target): Partial<Route> {
  return {
    rules: [{ origin: 'step', label: 's', header: 'x', match: { kind: 'present' }, target: rule }],
    experiments: { header: 'e', values: [['token', experiment]] },
  };
}

t.test('every edge between versions has its fallback counters', async (t) => {
  const { registry, patch, worker } = counting();
  patch(registry.update(BOTH));
  recordFallback(worker().fallback(fallbackKey('talana', 'canary', 'stable', 'no_endpoints')));
  t.same(edges(registry), [
    'canary stable connect_failed',
    'canary stable no_endpoints',
    'canary stable unhealthy',
    'stable canary connect_failed',
    'stable canary no_endpoints',
    'stable canary unhealthy',
  ]);
  t.same(
    registry.fallbacks().map(({ blocks }) => blocks[0]?.[0]),
    [0, 1, 0, 0, 0, 0],
  );
});

t.test('a target compiled to its replacement has a fallback counter with its reason', async (t) => {
  const { registry, patch } = counting();
  const aborted = target({ reason: 'aborted' });
  const absent = target({ asked: 'experiment', reason: 'absent' });
  patch(registry.update(table(route('talana', [STABLE], withTargets(aborted, absent)))));
  t.same(edges(registry), ['canary stable aborted', 'experiment stable absent']);
});

t.test('a target whose replacement falls back in its turn has a counter with the first reason', async (t) => {
  const { registry, patch } = counting();
  const versions = [{ ...STABLE, fallback: [1] }, CANARY];
  const absent = target({ asked: 'experiment', reason: 'absent' });
  const strict = target({ reason: 'aborted', fallback: false });
  patch(registry.update(table(route('talana', versions, withTargets(strict, absent)))));
  t.same(edges(registry), [
    'canary stable aborted',
    'experiment canary absent',
    'experiment stable absent',
    'stable canary connect_failed',
    'stable canary no_endpoints',
    'stable canary unhealthy',
  ]);
});

t.test('a fallback that the table does not have is counted nowhere, and harms no request', async (t) => {
  const { registry, patch, worker } = counting();
  patch(registry.update(BOTH));
  recordFallback(worker().fallback(fallbackKey('talana', 'canary', 'stable', 'aborted')));
  t.ok(registry.fallbacks().every(({ blocks }) => blocks[0]?.[0] === 0));
});

t.test('a static version is called by its name in a fallback', async (t) => {
  const { registry, patch } = counting();
  const blue = version('static/plain/blue', { role: 'static', namespace: '', rollout: '', fallback: [1] });
  const green = version('static/plain/green', { role: 'static', namespace: '', rollout: '' });
  patch(registry.update(table(route('plain', [blue, green]))));
  t.match(registry.fallbacks()[0]?.labels, { from: 'blue', to: 'green' });
});
