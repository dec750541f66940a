import { create, createFileRegistry, fromBinary, toJson } from '@bufbuild/protobuf';
import { sizeDelimitedPeek } from '@bufbuild/protobuf/wire';
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';

/**
 * The messages of prometheus/client_model's io/prometheus/client/metrics.proto that a reader of counters, gauges and
 * histograms of integers needs, line by line as they are there; exemplars, timestamps, summaries and floats are left out.
 */
const MESSAGES = `
  message LabelPair { optional string name = 1; optional string value = 2; }
  message Gauge { optional double value = 1; }
  message Counter { optional double value = 1; }
  message Bucket { optional uint64 cumulative_count = 1; optional double upper_bound = 2; }
  message BucketSpan { optional sint32 offset = 1; optional uint32 length = 2; }
  message Histogram {
    optional uint64 sample_count = 1;
    optional double sample_sum = 2;
    repeated Bucket bucket = 3;
    optional sint32 schema = 5;
    optional double zero_threshold = 6;
    optional uint64 zero_count = 7;
    repeated BucketSpan positive_span = 12;
    repeated sint64 positive_delta = 13;
  }
  message Metric {
    repeated LabelPair label = 1;
    optional Gauge gauge = 2;
    optional Counter counter = 3;
    optional Histogram histogram = 7;
  }
  message MetricFamily {
    optional string name = 1;
    optional string help = 2;
    optional int32 type = 3;
    repeated Metric metric = 4;
  }
`;

const SCALARS: Readonly<Record<string, FieldDescriptorProto_Type>> = {
  string: FieldDescriptorProto_Type.STRING,
  double: FieldDescriptorProto_Type.DOUBLE,
  int32: FieldDescriptorProto_Type.INT32,
  uint32: FieldDescriptorProto_Type.UINT32,
  uint64: FieldDescriptorProto_Type.UINT64,
  sint32: FieldDescriptorProto_Type.SINT32,
  sint64: FieldDescriptorProto_Type.SINT64,
};

/** 64-bit integers are strings. */
export interface DecodedHistogram {
  readonly sampleCount: string;
  readonly sampleSum: number;
  readonly bucket: readonly { readonly cumulativeCount: string; readonly upperBound: number }[];
  readonly schema?: number;
  readonly zeroThreshold?: number;
  readonly zeroCount?: string;
  readonly positiveSpan?: readonly { readonly offset: number; readonly length: number }[];
  readonly positiveDelta?: readonly string[];
}

export interface DecodedMetric {
  readonly label?: readonly { readonly name: string; readonly value: string }[];
  readonly gauge?: { readonly value: number | string };
  readonly counter?: { readonly value: number | string };
  readonly histogram?: DecodedHistogram;
}

export interface DecodedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: number;
  readonly metric?: readonly DecodedMetric[];
}

const FAMILY = familySchema();

/** What a protobuf exposition says. Throws where it is cut off, or has a field that is not in the list above. */
export function decodeFamilies(exposition: Uint8Array): DecodedFamily[] {
  const families: DecodedFamily[] = [];
  for (let rest = exposition; rest.length > 0; ) {
    const peeked = sizeDelimitedPeek(rest);
    if (peeked.eof || peeked.offset + peeked.size > rest.length) throw new Error('cut off');
    const message = fromBinary(FAMILY, rest.subarray(peeked.offset, peeked.offset + peeked.size));
    if (message.$unknown !== undefined) throw new Error(`unknown fields ${JSON.stringify(message.$unknown)}`);
    families.push(toJson(FAMILY, message) as unknown as DecodedFamily);
    rest = rest.subarray(peeked.offset + peeked.size);
  }
  return families;
}

function familySchema() {
  const messageType = [...MESSAGES.matchAll(/message (\w+) \{([^}]*)\}/g)].map(([, name = '', body = '']) => ({
    name,
    field: [...body.matchAll(/(optional|repeated) (\w+) (\w+) = (\d+);/g)].map(
      ([, label, type = '', field = '', number]) => {
        const scalar = SCALARS[type];
        return create(FieldDescriptorProtoSchema, {
          name: field,
          jsonName: field.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
          number: Number(number),
          label: label === 'repeated' ? FieldDescriptorProto_Label.REPEATED : FieldDescriptorProto_Label.OPTIONAL,
          type: scalar ?? FieldDescriptorProto_Type.MESSAGE,
          ...(scalar === undefined ? { typeName: `.io.prometheus.client.${type}` } : {}),
        });
      },
    ),
  }));
  const file = create(FileDescriptorProtoSchema, {
    name: 'metrics.proto',
    package: 'io.prometheus.client',
    syntax: 'proto2',
    messageType,
  });
  const family = createFileRegistry(file, () => undefined).getMessage('io.prometheus.client.MetricFamily');
  if (family === undefined) throw new Error('no MetricFamily');
  return family;
}
