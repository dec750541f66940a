import { TestPlane } from '../lib/plane.ts';
import { staticTable } from '../lib/static-table.ts';
import { testSettings } from '../lib/test-settings.ts';
import type { Lane, Subject } from './observe.ts';
import { Recorder } from './recorder.ts';

/** Headgate as configured by default, a data plane for each lane. */
export async function startHeadgate(count: number): Promise<Subject> {
  const planes: TestPlane[] = [];
  const lanes: Lane[] = [];
  for (let index = 0; index < count; index += 1) {
    const recorder = new Recorder();
    const { table, endpoints } = staticTable({ only: { ports: [await recorder.listen()] } });
    const plane = new TestPlane(testSettings());
    plane.apply(table, endpoints);
    await plane.listen('127.0.0.1');
    planes.push(plane);
    lanes.push({ port: plane.port, recorder });
  }
  const stop = async (): Promise<void> => {
    for (const plane of planes) plane.plane.destroy();
    for (const { recorder } of lanes) recorder.close();
  };
  return { name: 'Headgate', version: '', lanes, quiet: 0, stop };
}
