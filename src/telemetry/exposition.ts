import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SeriesRegistry } from './counters.ts';
import type { Family, SampleWriter } from './family.ts';
import { processFamilies } from './process-families.ts';
import { requestFamilies } from './request-families.ts';
import { RuntimeMetrics } from './runtime-metrics.ts';
import type { ProcessState, Scrape } from './scrape.ts';
import { TEXT_CONTENT_TYPE, TextWriter } from './text-writer.ts';
import { versionFamilies } from './version-families.ts';

export interface ExpositionOptions {
  readonly registry: SeriesRegistry;
  readonly state: () => ProcessState;
  /** `headgate_` unless the configuration says otherwise. */
  readonly prefix: string;
  /** Adds `http_requests_total` and `http_request_duration_seconds`. */
  readonly httpAlias: boolean;
  /** Headgate's own version. */
  readonly version: string;
}

export type ExpositionFormat = 'text' | 'protobuf';

export interface ScrapeAnswer {
  /** The value of the response's content-type. */
  readonly contentType: string;
  /** In pieces: to put them together would hold up the thread for 10 ms where there are thousands of versions. */
  readonly body: readonly Uint8Array[];
}

/** A scrape of thousands of versions is made in pieces of this length, so that new endpoints reach the workers meanwhile. */
const SLICE_MS = 5;

/** What Prometheus scrapes. Sums the workers' blocks when asked; nothing is kept up to date in between. */
export class Exposition {
  readonly #registry: SeriesRegistry;
  readonly #state: () => ProcessState;
  readonly #families: readonly Family[];
  readonly #runtime = new RuntimeMetrics();

  constructor({ registry, state, prefix, httpAlias, version }: ExpositionOptions) {
    this.#registry = registry;
    this.#state = state;
    this.#families = [
      ...requestFamilies(prefix, httpAlias),
      ...versionFamilies(prefix),
      ...processFamilies(prefix, version),
    ];
  }

  async scrape(format: ExpositionFormat): Promise<ScrapeAnswer> {
    if (format === 'text') {
      const writer = new TextWriter();
      await this.#write(writer);
      return { contentType: TEXT_CONTENT_TYPE, body: writer.finish() };
    }
    const { PROTOBUF_CONTENT_TYPE, ProtobufWriter } = await import('./protobuf-writer.ts');
    const writer = new ProtobufWriter();
    await this.#write(writer);
    return { contentType: PROTOBUF_CONTENT_TYPE, body: writer.finish() };
  }

  /** The text format, as a string. */
  async text(): Promise<string> {
    return Buffer.concat((await this.scrape('text')).body).toString();
  }

  async #write(out: SampleWriter): Promise<void> {
    const scrape: Scrape = {
      series: this.#registry.series(),
      fallbacks: this.#registry.fallbacks(),
      workers: this.#registry.workers(),
      state: this.#state(),
    };
    let sliceEnds = performance.now() + SLICE_MS;
    for (const family of this.#families) {
      out.begin(family);
      const samples = family.write(scrape, out)[Symbol.iterator]();
      while (samples.next().done !== true) {
        if (performance.now() < sliceEnds) continue;
        await nextTurn();
        sliceEnds = performance.now() + SLICE_MS;
      }
      out.end();
    }
    await this.#runtime.write(out);
  }
}
