import type { MetricObjectWithValues, MetricValue, Registry } from 'prom-client';
import type { SampleWriter } from './family.ts';

/** prom-client's own that break Prometheus' naming rules: gauges named `_total`. Each has a successor without. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** How often the lag of the main thread's event loop is sampled. prom-client's 10 would wake an idle process 100 times a second. */
const LAG_RESOLUTION_MS = 100;

/**
 * What prom-client knows of the process and of Node.js: memory, CPU, garbage collection, the event loop. It is loaded, and begins to count, with
 * the first scrape: its 88 modules would be 60 ms of a start and 7 MB of a process that nobody scrapes.
 */
export class RuntimeMetrics {
  #register: Promise<Registry> | null = null;

  async write(out: SampleWriter): Promise<void> {
    const register = await this.#collected();
    for (const metric of await register.getMetricsAsJSON()) writeMetric(metric, out);
  }

  async #collected(): Promise<Registry> {
    this.#register ??= collect();
    try {
      return await this.#register;
    } catch (error) {
      // No descriptor was left to read the modules with, say: the next scrape tries again.
      this.#register = null;
      throw error;
    }
  }
}

async function collect(): Promise<Registry> {
  const { collectDefaultMetrics, Registry } = await import('prom-client');
  const register = new Registry();
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: LAG_RESOLUTION_MS });
  for (const name of MISNAMED) register.removeSingleMetric(name);
  return register;
}

type Metric = MetricObjectWithValues<MetricValue<string>>;

function writeMetric({ name, help, type, values }: Metric, out: SampleWriter): void {
  // Declared as an enum's number; it is the word.
  const kind = String(type);
  if (kind === 'histogram') {
    out.begin({ name, help, type: 'histogram' });
    writeHistograms(name, values, out);
  } else {
    out.begin({ name, help, type: kind === 'counter' ? 'counter' : 'gauge' });
    for (const { labels, value } of values) {
      out.labels(labels);
      out.value(value);
    }
  }
  out.end();
}

/** prom-client gives a histogram's lines: the buckets of a label set in ascending order, then its sum and its count. */
function writeHistograms(name: string, values: Metric['values'], out: SampleWriter): void {
  let bounds: number[] = [];
  let cumulative: number[] = [];
  let sum = 0;
  for (const line of values) {
    const { labels, value } = line;
    // Not declared of what this call returns, and there.
    const metricName = 'metricName' in line ? line.metricName : '';
    const { le, ...shared } = labels;
    if (metricName === `${name}_bucket`) {
      cumulative.push(value);
      if (le !== '+Inf') bounds.push(Number(le));
    } else if (metricName === `${name}_sum`) sum = value;
    else {
      out.labels(shared);
      out.histogram({ bounds, cumulative, sum, native: null });
      bounds = [];
      cumulative = [];
    }
  }
}
