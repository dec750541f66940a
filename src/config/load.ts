import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { $ZodIssue } from 'zod/v4/core';
import { deepFreeze } from '../common/deep-freeze.ts';
import { formatPath, type Path } from '../common/format-path.ts';
import { readFailure } from '../common/read-failure.ts';
import { asList, asRecord, isRecord, valueAt } from '../common/records.ts';
import { suggest } from '../common/suggest.ts';
import type { HeaderMatch } from '../routing/table.ts';
import { checkAcross } from './checks.ts';
import type { Config, HeaderRuleConfig, RouteConfig, SourceConfig } from './config.ts';
import { ConfigError, type Mistake } from './config-error.ts';
import { fileStamp } from './file-stamp.ts';
import { kindRemedy } from './kind-remedy.ts';
import { PemReader } from './pem-reader.ts';
import { readTls, type TlsFiles } from './read-tls.ts';
import { Refusal } from './refusal.ts';
import { routeName } from './route-name.ts';
import { configSchema, knownKeys, type ParsedConfig, type ParsedRoute } from './schema.ts';
import { YamlFile } from './yaml-file.ts';

/** A configuration that was read and found right. */
export interface Loaded {
  readonly config: Config;
  /** Absolute path of the file. */
  readonly file: string;
  /** What it and the files that it names for TLS looked like when they were read, for `ConfigWatcher` to tell a change. */
  readonly stamps: ReadonlyMap<string, string>;
  /** What was put in the place of its `source`; undefined: nothing was. */
  readonly source: unknown;
}

const MISSING = 'correct --config, or begin with the config/headgate.yaml of the package, which has every key';

/**
 * Reads and validates a configuration file.
 * @param path as the user wrote it; messages name the file so
 * @param source takes the place of the file's own `source`; of a cluster, key by key. Undefined: nothing does
 * @throws ConfigError with every mistake at once
 */
export async function loadConfig(path: string, source?: unknown): Promise<Loaded> {
  const file = resolve(path);
  // The stamp is taken first: what changes after it is seen as a change, never missed.
  const stamp = await fileStamp(file);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { reason, remedy } = readFailure(error, 'file', MISSING);
    throw new ConfigError('HEADGATE_CONFIG_UNREADABLE', [
      { file: path, line: 0, column: 0, path: '', message: `cannot be read: ${reason}`, remedy },
    ]);
  }
  const reader = new PemReader(dirname(file));
  reader.stamps.set(file, stamp);
  return { config: parseConfig(text, path, source, reader), file, stamps: reader.stamps, source };
}

/**
 * The same for a text that is at hand.
 * @param path names the file in messages; its folder is where the paths in it begin
 * @param source takes the place of the text's own `source`; of a cluster, key by key. Undefined: nothing does
 * @param reader of the files that the text names for TLS
 * @throws ConfigError with every mistake at once
 */
export function parseConfig(
  text: string,
  path: string,
  source?: unknown,
  reader = new PemReader(dirname(resolve(path))),
): Config {
  const yaml = new YamlFile(text);
  const mistakes: Mistake[] = yaml.mistakes.map((one) => ({ ...one, file: path, path: formatPath(one.path) }));
  const unusableKeys = new Set(mistakes.map((one) => one.path));
  const report = (at: Path, message: string, remedy: string | null, what: 'key' | 'value' = 'value') => {
    const formatted = formatPath(at);
    if (unusableKeys.has(formatted)) return;
    mistakes.push({ file: path, ...yaml.locate(at, what), path: formatted, message, remedy });
  };
  const value = source === undefined ? yaml.value : withSource(yaml.value, source);
  if (value === undefined || value === null) {
    if (mistakes.length === 0) report([], 'is empty', 'write routes or a source');
  } else {
    const parsed = configSchema.safeParse(value);
    for (const issue of parsed.error?.issues ?? []) reportIssue(issue, value, report);
    if (!Array.isArray(value)) checkAcross(value, report, (at) => yaml.locate(at, 'value').line);
    const place = (at: Path) => `${path}:${yaml.locate(at, 'value').line} ${formatPath(at)}`;
    const files = readTls(value, reader, report, place);
    if (parsed.success && mistakes.length === 0) {
      return deepFreeze(build(parsed.data, value, dirname(resolve(path)), files, place));
    }
  }
  throw new ConfigError('HEADGATE_CONFIG_INVALID', sorted(mistakes), [...reader.stamps.keys()]);
}

/**
 * What is said of a cluster goes before what the file says of it, key by key: `--namespace` chooses no other cluster.
 * What is no map stays as it is: the schema has the words for it.
 */
function withSource(value: unknown, source: unknown): unknown {
  if (value !== undefined && value !== null && !isRecord(value)) return value;
  const file = asRecord(value);
  const { kubernetes } = asRecord(source);
  if (kubernetes === undefined) return { ...file, source };
  return {
    ...file,
    source: { kubernetes: { ...asRecord(asRecord(file['source'])['kubernetes']), ...asRecord(kubernetes) } },
  };
}

function reportIssue(
  issue: $ZodIssue,
  raw: unknown,
  report: (path: Path, message: string, remedy: string | null, at?: 'key' | 'value') => void,
): void {
  // The schema sees a single listen address as a list of one.
  const single = issue.path[0] === 'listen' && !Array.isArray(asRecord(raw)['listen']);
  const path = single ? ['listen', ...issue.path.slice(2)] : issue.path;
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path);
    for (const key of issue.keys) {
      const near = suggest(key, known);
      const remedy = near === null ? `one of ${known.join(', ')}` : `did you mean ${near}?`;
      report([...path, key], 'unknown key', remedy, 'key');
    }
  } else if (issue.code === 'custom') {
    const remedy: unknown = issue.params?.['remedy'];
    report(path, issue.message, typeof remedy === 'string' ? remedy : null);
  } else if (issue.code === 'invalid_type') {
    const value = valueAt(raw, path);
    const refusal = Refusal.kind(issue.expected === 'array' ? 'a list' : 'a map', value, kindRemedy(path, value));
    report(path, refusal.message, refusal.remedy);
  } else {
    report(path, issue.code === 'too_small' ? 'is empty' : issue.message, null);
  }
}

function build(
  parsed: ParsedConfig,
  raw: unknown,
  folder: string,
  files: TlsFiles,
  place: (path: Path) => string,
): Config {
  const rawRoutes = asList(asRecord(raw)['routes']);
  const { limits } = parsed;
  return {
    listen: parsed.listen.map(({ address, port, tls }, index) => {
      if (tls === undefined) return { address, port, tls: null };
      return { address, port, tls: { certificates: files.certificates.get(index) ?? [], minVersion: tls.minVersion } };
    }),
    admin: parsed.admin,
    workers: parsed.workers,
    source: buildSource(parsed.source, folder),
    routes:
      parsed.routes?.map((route, index) =>
        buildRoute(route, rawRoutes[index], place(['routes', index]), files.authorities.get(index) ?? null),
      ) ?? null,
    timeouts: parsed.timeouts,
    limits: { ...limits, requestLineBytes: limits.requestLineBytes ?? Math.min(8192, limits.headerBytes) },
    retries: parsed.retries,
    ejection: parsed.ejection,
    trailers: parsed.trailers,
    forwarded: parsed.forwarded,
    versionHeader: parsed.versionHeader ?? null,
    metrics: parsed.metrics,
    analysis: { peers: parsed.analysis.peers ?? null, timeout: parsed.analysis.timeout },
    log: parsed.log,
    drain: parsed.drain,
  };
}

function buildSource(source: ParsedConfig['source'], folder: string): SourceConfig | null {
  if (source === undefined) return null;
  const { files, kubernetes } = source;
  if (kubernetes === undefined) return { files: (files ?? []).map((one) => resolve(folder, one)) };
  const { namespaces, kubeconfig, context } = kubernetes;
  return {
    kubernetes: {
      namespaces: namespaces ?? null,
      kubeconfig: kubeconfig === undefined ? null : resolve(folder, kubeconfig),
      context: context ?? null,
    },
  };
}

function buildRoute(route: ParsedRoute, raw: unknown, place: string, authorities: string | null): RouteConfig {
  const versions = Object.entries(route.versions ?? {}).map(
    ([name, { weight, endpoints }]) => [name, { weight: weight ?? null, endpoints }] as const,
  );
  return {
    name: routeName(raw) ?? '',
    place,
    hosts: route.hosts ?? null,
    path: route.path,
    rollout: route.rollout ?? null,
    port: route.port ?? null,
    headers: route.headers.map(buildRule),
    experiments: route.experiments ?? null,
    tls:
      route.tls === undefined
        ? null
        : { ca: authorities, serverName: route.tls.serverName ?? null, verify: route.tls.verify },
    healthCheck:
      route.healthCheck === undefined ? null : { ...route.healthCheck, host: route.healthCheck.host ?? null },
    slowStart: route.slowStart,
    versions: route.versions === undefined ? null : Object.fromEntries(versions),
  };
}

function buildRule(rule: ParsedRoute['headers'][number]): HeaderRuleConfig {
  let match: HeaderMatch = { kind: 'present' };
  if (rule.exact !== undefined) match = { kind: 'exact', value: rule.exact };
  else if (rule.prefix !== undefined) match = { kind: 'prefix', value: rule.prefix };
  else if (rule.regex !== undefined) match = { kind: 'regex', value: rule.regex };
  return { name: rule.name, match, to: rule.to, fallback: rule.fallback !== 'none' };
}

function sorted(mistakes: readonly Mistake[]): Mistake[] {
  return [...mistakes].sort((a, b) => a.line - b.line || a.column - b.column || (a.path < b.path ? -1 : 1));
}
