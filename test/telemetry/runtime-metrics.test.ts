import t from 'tap';
import { RuntimeMetrics } from '../../src/telemetry/runtime-metrics.ts';
import { TextWriter } from '../../src/telemetry/text-writer.ts';

t.test('the first scrape has the process and Node.js, without the gauges that are named like counters', async (t) => {
  const metrics = new RuntimeMetrics();
  const scrape = async () => {
    const writer = new TextWriter();
    await metrics.write(writer);
    return Buffer.concat(writer.finish()).toString();
  };
  const text = await scrape();
  for (const name of ['process_cpu_seconds_total', 'nodejs_heap_size_used_bytes', 'nodejs_eventloop_lag_p99_seconds']) {
    t.match(text, new RegExp(`^${name} \\d`, 'm'));
  }
  t.notMatch(text, /nodejs_active_\w+_total/);
  const heads = (of: string) => of.match(/^# TYPE .*$/gm);
  t.same(heads(await scrape()), heads(text), 'two scrapes make one set of metrics');
});
