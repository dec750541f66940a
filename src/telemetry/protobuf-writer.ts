import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { FamilyHead, HistogramReading, SampleWriter } from './family.ts';
import { LabelCache } from './label-cache.ts';
import type { NativeHistogram } from './native-histogram.ts';

export const PROTOBUF_CONTENT_TYPE =
  'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';

// Fields and their types as prometheus/client_model's io/prometheus/client/metrics.proto has them. A varint of these is
// the same whether it is declared 32 or 64 bits wide.
const NAME = tag(1, WireType.LengthDelimited);
const HELP = tag(2, WireType.LengthDelimited);
const TYPE = tag(3, WireType.Varint);
const METRIC = tag(4, WireType.LengthDelimited);

const LABEL = tag(1, WireType.LengthDelimited);
const LABEL_NAME = tag(1, WireType.LengthDelimited);
const LABEL_VALUE = tag(2, WireType.LengthDelimited);
const HISTOGRAM = tag(7, WireType.LengthDelimited);
/** Of Counter and of Gauge. */
const VALUE = tag(1, WireType.Bit64);
const VALUE_BYTES = 9;

const SAMPLE_COUNT = tag(1, WireType.Varint);
const SAMPLE_SUM = tag(2, WireType.Bit64);
const BUCKET = tag(3, WireType.LengthDelimited);
const CUMULATIVE_COUNT = tag(1, WireType.Varint);
const UPPER_BOUND = tag(2, WireType.Bit64);
const SCHEMA = tag(5, WireType.Varint);
const ZERO_THRESHOLD = tag(6, WireType.Bit64);
const ZERO_COUNT = tag(7, WireType.Varint);
const POSITIVE_SPAN = tag(12, WireType.LengthDelimited);
const SPAN_OFFSET = tag(1, WireType.Varint);
const SPAN_LENGTH = tag(2, WireType.Varint);
const POSITIVE_DELTA = tag(13, WireType.LengthDelimited);

/** The number of each type in MetricType, and the field of Metric that holds such a value. */
const TYPES = {
  counter: { number: 0, field: tag(3, WireType.LengthDelimited) },
  gauge: { number: 1, field: tag(2, WireType.LengthDelimited) },
  histogram: { number: 4, field: HISTOGRAM },
} as const;

/** Labels as fields of a Metric. */
const known = new LabelCache(labelBytes);

/** A family's bytes are cut off after so many samples: its length stands before it, and moving megabytes takes its time. */
const SAMPLES_PER_PIECE = 256;

/** Prometheus' protobuf format, in which alone native histograms can be told: messages `MetricFamily`, each after its length. */
export class ProtobufWriter implements SampleWriter {
  readonly #done: Uint8Array[] = [];
  /** Of the family that has begun. */
  #pieces: Uint8Array[] = [];
  #samples = 0;
  readonly #out = new BinaryWriter();
  #valueField: number = TYPES.counter.field;
  #shared: Uint8Array = new Uint8Array(0);

  begin({ name, help, type }: FamilyHead): void {
    this.#out.uint32(NAME).string(name).uint32(HELP).string(help).uint32(TYPE).uint32(TYPES[type].number);
    this.#valueField = TYPES[type].field;
  }

  labels(shared: object): void {
    this.#shared = known.object(shared);
  }

  value(value: number): void {
    this.#beginMetric();
    this.#putValue(value);
    this.#endMetric();
  }

  labelled(name: string, label: string | number, value: number): void {
    this.#beginMetric();
    this.#out.raw(known.word(name, label));
    this.#putValue(value);
    this.#endMetric();
  }

  histogram(reading: HistogramReading): void {
    const { bounds, cumulative, sum } = reading;
    const out = this.#out;
    this.#beginMetric();
    out.uint32(HISTOGRAM).fork();
    const native = reading.native?.() ?? null;
    // The bins were read after the buckets, and may hold one that has ended in between. Readers want one count.
    const count = native?.count ?? cumulative.at(-1) ?? 0;
    putCount(out.uint32(SAMPLE_COUNT), count);
    out.uint32(SAMPLE_SUM).double(sum);
    for (const [index, bound] of bounds.entries()) {
      out.uint32(BUCKET).fork();
      putCount(out.uint32(CUMULATIVE_COUNT), Math.min(cumulative[index] ?? 0, count));
      out.uint32(UPPER_BOUND).double(bound).join();
    }
    if (native !== null) putNative(out, native);
    out.join();
    this.#endMetric();
  }

  end(): void {
    this.#cut();
    const length = this.#pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.#done.push(new BinaryWriter().uint32(length).finish(), ...this.#pieces);
    this.#pieces = [];
  }

  /** Everything written. */
  finish(): readonly Uint8Array[] {
    return this.#done;
  }

  #beginMetric(): void {
    this.#out.uint32(METRIC).fork().raw(this.#shared);
  }

  #putValue(value: number): void {
    this.#out.uint32(this.#valueField).uint32(VALUE_BYTES).uint32(VALUE).double(value);
  }

  #endMetric(): void {
    this.#out.join();
    this.#samples += 1;
    if (this.#samples >= SAMPLES_PER_PIECE) this.#cut();
  }

  #cut(): void {
    this.#pieces.push(this.#out.finish());
    this.#samples = 0;
  }
}

function tag(field: number, type: WireType): number {
  return (field << 3) | type;
}

function labelBytes(labels: readonly (readonly [name: string, value: unknown])[]): Uint8Array {
  const out = new BinaryWriter();
  for (const [name, value] of labels) {
    out.uint32(LABEL).fork();
    out.uint32(LABEL_NAME).string(name).uint32(LABEL_VALUE).string(String(value)).join();
  }
  return out.finish();
}

/** A count below 2^32 needs no BigInt, and is the same bytes. */
function putCount(out: BinaryWriter, count: number): void {
  if (count <= 0xffff_ffff) out.uint32(count);
  else out.uint64(count);
}

function putDelta(out: BinaryWriter, delta: number): void {
  if (Math.abs(delta) <= 0x7fff_ffff) out.sint32(delta);
  else out.sint64(delta);
}

function putNative(out: BinaryWriter, native: NativeHistogram): void {
  out.uint32(SCHEMA).sint32(native.schema).uint32(ZERO_THRESHOLD).double(native.zeroThreshold);
  putCount(out.uint32(ZERO_COUNT), native.zeroCount);
  for (const [offset, length] of native.spans) {
    out.uint32(POSITIVE_SPAN).fork();
    out.uint32(SPAN_OFFSET).sint32(offset).uint32(SPAN_LENGTH).uint32(length).join();
  }
  if (native.deltas.length === 0) return;
  out.uint32(POSITIVE_DELTA).fork();
  for (const delta of native.deltas) putDelta(out, delta);
  out.join();
}
