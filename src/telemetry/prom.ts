import { Counter, Gauge, Histogram } from 'prom-client';

/** One line of an exposition. `sharedLabels` is an object kept from line to line: prom-client writes it out once. */
export interface Sample {
  readonly metricName?: string;
  readonly labels: Record<string, string | number>;
  readonly sharedLabels?: object;
  readonly value: number;
}

export interface MetricSpec {
  readonly name: string;
  readonly help: string;
  /** Called at each scrape. */
  readonly read: () => Sample[];
}

function settings({ name, help }: MetricSpec) {
  return { name, help, registers: [] };
}

/*
 * prom-client's own metrics count for themselves. These show absolute values that were counted elsewhere, and they skip
 * its hashing of label sets, which for 1,000 Rollouts would cost more than all else.
 */

export class ReadCounter extends Counter {
  readonly #read: () => Sample[];

  constructor(spec: MetricSpec) {
    super(settings(spec));
    this.#read = spec.read;
  }

  override async get() {
    return { ...(await super.get()), values: this.#read() };
  }
}

export class ReadGauge extends Gauge {
  readonly #read: () => Sample[];

  constructor(spec: MetricSpec) {
    super(settings(spec));
    this.#read = spec.read;
  }

  override async get() {
    return { ...(await super.get()), values: this.#read() };
  }
}

/** `read` yields the `_bucket`, `_sum` and `_count` lines themselves. */
export class ReadHistogram extends Histogram {
  readonly #spec: MetricSpec;

  constructor(spec: MetricSpec) {
    super(settings(spec));
    this.#spec = spec;
  }

  /** What the registry asks of a histogram, and what prom-client's `get` builds on. */
  async getForPromString() {
    const { name, help, read } = this.#spec;
    return { name, help, type: 'histogram', values: read(), aggregator: 'sum' };
  }
}
