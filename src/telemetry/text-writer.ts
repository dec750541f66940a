import type { FamilyHead, HistogramReading, SampleWriter } from './family.ts';
import { LabelCache } from './label-cache.ts';

export const TEXT_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Strings of this length become bytes: V8 joins longer ones no faster. */
const CHUNK_LENGTH = 1 << 16;

/** Labels as they stand in a line. */
const known = new LabelCache((labels) => labels.map(([name, value]) => label(name, String(value))).join(','));
/** The `le` of each bucket, by the bounds. */
const knownBounds = new WeakMap<readonly number[], readonly string[]>();

/**
 * Prometheus' text format, version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/. prom-client's
 * writer makes an object and five strings of each line: three times the time for 1,000 Rollouts.
 */
export class TextWriter implements SampleWriter {
  readonly #chunks: Buffer[] = [];
  #text = '';
  #name = '';
  #shared = '';

  begin({ name, help, type }: FamilyHead): void {
    const separator = this.#text === '' && this.#chunks.length === 0 ? '' : '\n';
    this.#text += `${separator}# HELP ${name} ${escapeText(help)}\n# TYPE ${name} ${type}\n`;
    this.#name = name;
  }

  labels(shared: object): void {
    this.#shared = known.object(shared);
  }

  value(value: number): void {
    this.#line('', '', value);
  }

  labelled(name: string, value: string | number, sample: number): void {
    this.#line('', known.word(name, value), sample);
  }

  histogram({ bounds, cumulative, sum }: HistogramReading): void {
    const les = bucketLabels(bounds);
    for (let index = 0; index < cumulative.length; index++) {
      this.#line('_bucket', les[index] ?? '', cumulative[index] ?? 0);
    }
    this.#line('_sum', '', sum);
    this.#line('_count', '', cumulative.at(-1) ?? 0);
  }

  end(): void {
    this.#flush();
  }

  /** Everything written. */
  finish(): readonly Uint8Array[] {
    this.#flush();
    return this.#chunks;
  }

  #line(suffix: string, own: string, value: number): void {
    const shared = this.#shared;
    const comma = own !== '' && shared !== '' ? ',' : '';
    const labels = own === '' && shared === '' ? '' : `{${own}${comma}${shared}}`;
    this.#text += `${this.#name}${suffix}${labels} ${number(value)}\n`;
    if (this.#text.length > CHUNK_LENGTH) this.#flush();
  }

  #flush(): void {
    if (this.#text !== '') this.#chunks.push(Buffer.from(this.#text));
    this.#text = '';
  }
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : `${value}`;
}

function bucketLabels(bounds: readonly number[]): readonly string[] {
  let les = knownBounds.get(bounds);
  if (les === undefined) {
    les = [...bounds, Number.POSITIVE_INFINITY].map((bound) => label('le', number(bound)));
    knownBounds.set(bounds, les);
  }
  return les;
}

function label(name: string, value: string): string {
  return `${name}="${escapeText(value).replaceAll('"', '\\"')}"`;
}

function escapeText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
