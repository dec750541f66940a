import { SeriesRegistry } from '../../src/telemetry/counters.ts';
import { Exposition } from '../../src/telemetry/exposition.ts';

/** The names of Headgate's series: of a histogram the three of the classic one, and its own as a native one. */
export async function exposedNames(): Promise<Set<string>> {
  const exposition = new Exposition({
    registry: new SeriesRegistry({ workers: 1, now: () => 0 }),
    prefix: 'headgate_',
    httpAlias: false,
    version: '0.0.0',
    state: () => ({
      table: null,
      sourceSynced: true,
      sourceLastEventSeconds: 0,
      sourceKind: 'none',
      configReloadSuccessful: true,
      workersRestarted: 0,
      health: [],
      problems: 0,
      certificates: new Map<string, number>(),
    }),
  });
  const types = [...(await exposition.text()).matchAll(/^# TYPE (\w+) (\w+)$/gm)];
  return new Set(
    types.flatMap(([, name = '', type]) =>
      type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
}
