import { z } from 'zod';
import { autoConnections, parseConnections } from './connection-limit.ts';
import { parseNamespace } from './namespace.ts';
import { parsePeers } from './peers-name.ts';
import { Refusal } from './refusal.ts';
import { parseTrailerName } from './trailer-name.ts';
import { parseDuration, parseSize } from './units.ts';
import {
  parseChoice,
  parseEndpoint,
  parseExperimentReference,
  parseFieldPrefix,
  parseFieldValue,
  parseFlag,
  parseHost,
  parseHostField,
  parseInteger,
  parseListenAddress,
  parseName,
  parseNetwork,
  parsePath,
  parsePercent,
  parseRegex,
  parseRequestHeader,
  parseRequestPath,
  parseResponseHeader,
  parseRolloutName,
  parseServerName,
  parseServicePort,
  parseStatuses,
  parseText,
  parseWorkers,
} from './values.ts';

/*
 * The shape of the file: which keys there are, what each value may be, and the defaults. Rules that look at more than
 * one value are in checks.ts.
 */

/** A value with a parser of its own; a Refusal becomes an issue that carries its remedy. */
function leaf<T>(parse: (value: unknown) => T) {
  return z.unknown().transform((value, context) => {
    try {
      return parse(value);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      context.addIssue({ code: 'custom', message: error.message, params: { remedy: error.remedy } });
      return z.NEVER;
    }
  });
}

const text = leaf(parseText);
const flag = leaf(parseFlag);
const size = (least: string, most: string) => leaf((value) => bounded(parseSize, value, least, most));
const duration = (most: string) => leaf((value) => bounded(parseDuration, value, '0', most));

function bounded(parse: (value: unknown) => number, value: unknown, least: string, most: string): number {
  const amount = parse(value);
  if (amount < parse(least) || amount > parse(most)) {
    throw new Refusal(`must be from ${least} to ${most}, not ${String(value)}`);
  }
  return amount;
}

function listenAddress(address: string, port: number) {
  return z.strictObject({
    address: leaf(parseListenAddress).default(address),
    port: leaf((value) => parseInteger(value, 0, 65_535)).default(port),
  });
}

const certificate = z.strictObject({ certificate: text, key: text });

const listenEntry = listenAddress('0.0.0.0', 8080).extend({
  tls: z
    .strictObject({
      certificates: z.array(certificate).min(1),
      minVersion: leaf((value) => parseChoice(value, ['TLSv1.2', 'TLSv1.3'])).default('TLSv1.2'),
    })
    .optional(),
});

const upstreamTls = z.strictObject({
  ca: text.optional(),
  serverName: leaf(parseServerName).optional(),
  verify: flag.default(true),
});

const headerRule = z.strictObject({
  name: leaf(parseRequestHeader),
  exact: leaf(parseFieldValue).optional(),
  prefix: leaf(parseFieldPrefix).optional(),
  regex: leaf(parseRegex).optional(),
  present: leaf((value) => {
    if (value === true) return true;
    throw Refusal.kind('true', value, 'a rule for a header that is absent is not there');
  }).optional(),
  to: text,
  fallback: leaf((value) => parseChoice(value, ['none'])).optional(),
});

const staticVersion = z.strictObject({
  weight: leaf((value) => parseInteger(value, 0, 1_000_000)).optional(),
  endpoints: z.array(leaf(parseEndpoint)),
});

const healthCheck = z.strictObject({
  path: leaf(parseRequestPath),
  interval: leaf((value) => bounded(parseDuration, value, '100ms', '1h')).default(10_000),
  timeout: leaf((value) => bounded(parseDuration, value, '10ms', '10m')).default(2_000),
  healthy: leaf((value) => parseInteger(value, 1, 100)).default(2),
  unhealthy: leaf((value) => parseInteger(value, 1, 100)).default(3),
  statuses: leaf(parseStatuses).default([200, 399]),
  host: leaf(parseHostField).optional(),
});

const route = z.strictObject({
  name: leaf(parseName).optional(),
  hosts: z.array(leaf(parseHost)).optional(),
  path: leaf(parsePath).default('/'),
  rollout: leaf(parseRolloutName).optional(),
  port: leaf(parseServicePort).optional(),
  headers: z.array(headerRule).default([]),
  experiments: z
    .strictObject({
      header: leaf(parseRequestHeader),
      tokens: z.record(z.string(), leaf(parseExperimentReference)).default({}),
    })
    .optional(),
  // `tls: true` is TLS with everything left to its default.
  tls: z.preprocess((value) => (value === true ? {} : value === false ? undefined : value), upstreamTls.optional()),
  healthCheck: healthCheck.optional(),
  slowStart: duration('1h').default(0),
  versions: z.record(z.string(), staticVersion).optional(),
});

const timeouts = z.strictObject({
  connect: duration('10m').default(5_000),
  requestHeaders: duration('1h').default(10_000),
  responseHeaders: duration('24h').default(60_000),
  idle: duration('24h').default(60_000),
  keepAlive: duration('24h').default(75_000),
  upstreamIdle: duration('24h').default(4_000),
  pending: duration('10m').default(5_000),
  tunnel: duration('24h').default(3_600_000),
});

const limits = z.strictObject({
  requestLineBytes: size('64B', '48KiB').optional(),
  // A response's head has to fit into the buffer that an upstream connection reads into, 64 KiB.
  headerBytes: size('256B', '48KiB').default(16_384),
  headers: leaf((value) => parseInteger(value, 1, 10_000)).default(100),
  chunkExtensionBytes: size('0', '1MiB').default(4_096),
  drainBytes: size('0', '1GiB').default(65_536),
  idleUpstreamConnections: leaf((value) => parseInteger(value, 0, 100_000)).default(1024),
  connections: leaf(parseConnections).default(autoConnections),
  connectionsPerAddress: leaf((value) => parseInteger(value, 0, 1_000_000)).default(0),
  requestsPerEndpoint: leaf((value) => parseInteger(value, 0, 1_000_000)).default(0),
  pending: leaf((value) => parseInteger(value, 0, 1_000_000)).default(1_024),
});

const retries = z.strictObject({
  budget: leaf((value) => parsePercent(value, 0, 100)).default(0.2),
  minimum: leaf((value) => parseInteger(value, 0, 100_000)).default(3),
});

const ejection = z.strictObject({
  failures: leaf((value) => parseInteger(value, 1, 10_000)).default(5),
  time: leaf((value) => bounded(parseDuration, value, '10ms', '24h')).default(30_000),
  maxTime: leaf((value) => bounded(parseDuration, value, '10ms', '24h')).default(300_000),
  maxShare: leaf((value) => parsePercent(value, 0, 100)).default(0.5),
  serverErrors: flag.default(false),
});

/** A map, or `false` where the feature can be switched off: null. */
function switchable<T extends z.ZodType>(schema: T) {
  // A key with nothing behind it, whose parts are all commented out, say, must not switch the feature off.
  return z.preprocess((value) => (value === false ? null : (value ?? undefined)), schema.nullable());
}

/** The prefix of Prometheus metric names. */
function parseMetricPrefix(value: unknown): string {
  const prefix = parseText(value);
  if (/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(prefix)) return prefix;
  throw new Refusal(`cannot begin a metric's name: ${JSON.stringify(prefix)}`, 'letters, digits and "_": headgate_');
}

const kubernetes = z.strictObject({
  namespaces: z.array(leaf(parseNamespace)).optional(),
  kubeconfig: text.optional(),
  context: text.optional(),
});

/** The whole file. Its output still has to be turned into a `Config` (load.ts). */
export const configSchema = z.strictObject({
  listen: z
    .preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(listenEntry).min(1))
    .default([{ address: '0.0.0.0', port: 8080 }]),
  admin: z
    .preprocess((value) => (value === false ? null : value), listenAddress('127.0.0.1', 8081).nullable())
    .default({ address: '127.0.0.1', port: 8081 }),
  workers: leaf(parseWorkers).default(1),
  source: z
    .strictObject({
      files: z.array(text).optional(),
      // A bare key means what {} does.
      kubernetes: z.preprocess((value) => value ?? {}, kubernetes).optional(),
    })
    .optional(),
  routes: z.array(route).optional(),
  timeouts: timeouts.prefault({}),
  limits: limits.prefault({}),
  retries: switchable(retries).prefault({}),
  ejection: switchable(ejection).prefault({}),
  trailers: z.array(leaf(parseTrailerName)).default([]),
  forwarded: z.strictObject({ trusted: z.array(leaf(parseNetwork)).default([]) }).prefault({}),
  versionHeader: leaf(parseResponseHeader).optional(),
  metrics: z
    .strictObject({ prefix: leaf(parseMetricPrefix).default('headgate_'), httpAlias: flag.default(false) })
    .prefault({}),
  analysis: z
    .strictObject({
      peers: leaf(parsePeers).optional(),
      timeout: leaf((value) => bounded(parseDuration, value, '10ms', '10s')).default(2_000),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: leaf((value) => parseChoice(value, ['debug', 'info', 'warn', 'error', 'silent'])).default('info'),
      access: flag.default(false),
    })
    .prefault({}),
  drain: z
    .strictObject({ delay: duration('1h').default(5_000), timeout: duration('24h').default(30_000) })
    .prefault({}),
});

export type ParsedConfig = z.output<typeof configSchema>;
export type ParsedRoute = z.output<typeof route>;

/** The keys that the map at `path` may have; empty where the file's author chooses them. */
export function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  let schema: unknown = configSchema;
  for (const segment of path) {
    schema = unwrap(schema);
    if (schema instanceof z.ZodObject) schema = schema.shape[String(segment)];
    else if (schema instanceof z.ZodArray) schema = schema.element;
    else if (schema instanceof z.ZodRecord) schema = schema.valueType;
  }
  schema = unwrap(schema);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function unwrap(schema: unknown): unknown {
  if (schema instanceof z.ZodPipe) return unwrap(schema.out);
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  ) {
    return unwrap(schema.unwrap());
  }
  return schema;
}
