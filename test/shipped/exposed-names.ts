import { SeriesRegistry } from '../../src/telemetry/counters.ts';
import { Exposition } from '../../src/telemetry/exposition.ts';
import { processState } from '../lib/process-state.ts';

/** The names of Headgate's series: of a histogram the three of the classic one, and its own as a native one. */
export async function exposedNames(): Promise<Set<string>> {
  const exposition = new Exposition({
    registry: new SeriesRegistry({ workers: 1, now: () => 0 }),
    prefix: 'headgate_',
    httpAlias: false,
    version: '0.0.0',
    state: () => processState(),
  });
  const types = [...(await exposition.text()).matchAll(/^# TYPE (\w+) (\w+)$/gm)];
  return new Set(
    types.flatMap(([, name = '', type]) =>
      type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
}
