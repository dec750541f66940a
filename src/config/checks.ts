import type { Path } from '../common/format-path.ts';
import { hostPort } from '../common/host-port.ts';
import { asList, asRecord, isRecord } from '../common/records.ts';
import { suggest } from '../common/suggest.ts';
import { checkLoops } from './check-loops.ts';
import { checkSource } from './check-source.ts';
import { Refusal } from './refusal.ts';
import type { Report } from './report.ts';
import { routeName } from './route-name.ts';
import { parseDuration, parseSize } from './units.ts';
import { usable } from './usable.ts';
import { parseEndpoint, parseHost, parseName, parsePath } from './values.ts';

const ROLES = ['stable', 'canary', 'active', 'preview'];
const MATCHERS = ['exact', 'prefix', 'regex', 'present'];

/**
 * The rules that look at more than one value. They read the file as it was written, not as it was parsed, so that a
 * mistake in one value hides no other; what a single value's parser refuses is left to the schema.
 *
 * @param lineOf line of a path, to point at the other half of a clash
 */
export function checkAcross(raw: unknown, report: Report, lineOf: (path: Path) => number): void {
  const { listen, admin, source, routes, limits, ejection, analysis } = asRecord(raw);
  checkSource(source, routes, report);
  for (const [index, route] of asList(routes).entries()) {
    checkRoute(asRecord(route), ['routes', index], source !== undefined, report);
  }
  checkNames(asList(routes), report, lineOf);
  checkClashes(asList(routes), report, lineOf);
  checkListeners(listen, admin, report, lineOf);
  checkLoops(listen, routes, report);
  checkLimits(asRecord(limits), report);
  checkEjection(asRecord(ejection), report);
  if (admin === false && asRecord(analysis)['peers'] !== undefined) {
    const message = 'replicas ask each other on the admin port, which is switched off';
    report(['analysis', 'peers'], message, 'write admin: { address: 0.0.0.0, port: 8081 }, or leave it out', 'key');
  }
}

function checkRoute(route: Readonly<Record<string, unknown>>, path: Path, hasSource: boolean, report: Report): void {
  const { rollout, versions } = route;
  if (rollout !== undefined && versions !== undefined) {
    report([...path, 'versions'], 'a route has a rollout or versions, not both', 'remove one of them', 'key');
  } else if (rollout === undefined && versions === undefined) {
    report(path, 'a route needs a rollout or versions', 'write rollout: NAME, or versions with endpoints');
  }
  if (rollout !== undefined && !hasSource) {
    report(
      [...path, 'rollout'],
      'there is no source to read a Rollout from',
      'write source: { kubernetes: {} } or { files: [...] }',
      'key',
    );
  }
  if (versions !== undefined && rollout === undefined) {
    for (const key of ['port', 'experiments']) {
      if (route[key] !== undefined)
        report([...path, key], 'applies only to a route with a rollout', 'remove it', 'key');
    }
    checkVersions(asRecord(versions), [...path, 'versions'], report);
  }
  const { verify = true, serverName } = asRecord(route['tls'] === true ? {} : route['tls']);
  const encrypted = route['tls'] === true || isRecord(route['tls']);
  if (encrypted && rollout !== undefined && verify === true && serverName === undefined) {
    report(
      [...path, 'tls'],
      'Pods are reached at their IP addresses, which are not in their certificates',
      'write serverName: NAME, a name that is in them, or verify: false',
    );
  }
  checkHealth(asRecord(route['healthCheck']), [...path, 'healthCheck'], report);
  checkTokens(route['experiments'], [...path, 'experiments', 'tokens'], report);
  const targets = rollout !== undefined ? ROLES : Object.keys(asRecord(versions));
  for (const [index, rule] of asList(route['headers']).entries()) {
    checkRule(asRecord(rule), [...path, 'headers', index], targets, report);
  }
}

function checkVersions(versions: Readonly<Record<string, unknown>>, path: Path, report: Report): void {
  const names = Object.keys(versions);
  if (names.length === 0) report(path, 'there is no version', 'write NAME: { weight: 1, endpoints: ["host:port"] }');
  for (const name of names) refuse(parseName, name, [...path, name], report, 'key');
  const weights = names.map((name) => asRecord(versions[name])['weight']).filter((weight) => weight !== undefined);
  if (weights.length > 0 && weights.every((weight) => weight === 0)) {
    report(path, 'every weight is 0', 'give a version a weight, or leave weight out where only a header leads', 'key');
  }
  for (const name of names) {
    const seen = new Set<unknown>();
    for (const [index, text] of asList(asRecord(versions[name])['endpoints']).entries()) {
      const endpoint = usable(parseEndpoint, text);
      const same = endpoint === null ? text : hostPort(endpoint.host, endpoint.port);
      if (seen.has(same)) report([...path, name, 'endpoints', index], 'is listed twice', 'keep one of them');
      seen.add(same);
    }
  }
}

function checkHealth(check: Readonly<Record<string, unknown>>, path: Path, report: Report): void {
  const { interval = '10s', timeout = '2s' } = check;
  const every = usable(parseDuration, interval);
  const wait = usable(parseDuration, timeout);
  if (every === null || wait === null || wait <= every) return;
  const key = check['timeout'] === undefined ? 'interval' : 'timeout';
  report(
    [...path, key],
    `a check may take ${String(timeout)}, and one is due every ${String(interval)}`,
    'make the interval the longer one',
  );
}

function checkTokens(experiments: unknown, path: Path, report: Report): void {
  for (const token of Object.keys(asRecord(asRecord(experiments)['tokens']))) {
    // A value that no header can have would never match; `__proto__` is not a key that a record keeps.
    if (!/^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/.test(token) || token === '__proto__') {
      report([...path, token], 'is not a usable token', 'printable ASCII, with no blank at either end', 'key');
    }
  }
}

function checkRule(
  rule: Readonly<Record<string, unknown>>,
  path: Path,
  targets: readonly string[],
  report: Report,
): void {
  const written = MATCHERS.filter((key) => rule[key] !== undefined);
  if (written.length !== 1) {
    const message =
      written.length === 0 ? 'says nothing about the value' : `says several things: ${written.join(', ')}`;
    report(path, message, 'write exactly one of exact, prefix, regex or present');
  }
  const { to } = rule;
  if (typeof to === 'string' && to !== '' && !targets.includes(to)) {
    const near = suggest(to, targets);
    const choice = targets.length === 0 ? 'the route has no versions' : `one of ${targets.join(', ')}`;
    report(
      [...path, 'to'],
      `names no version of this route: "${to}"`,
      near === null ? choice : `did you mean ${near}?`,
    );
  }
}

function checkNames(routes: readonly unknown[], report: Report, lineOf: (path: Path) => number): void {
  const seen = new Map<string, number>();
  for (const [index, route] of routes.entries()) {
    const name = routeName(route);
    if (name === null) continue;
    const first = seen.get(name);
    if (first === undefined) {
      seen.set(name, index);
      continue;
    }
    const written = asRecord(route)['name'] !== undefined;
    const message = `the name "${name}" is taken by the route in line ${lineOf(['routes', first])}`;
    report(written ? ['routes', index, 'name'] : ['routes', index], message, 'give it a name of its own');
  }
}

/** Two routes for the same host and path: which one answers would be left to chance. */
function checkClashes(routes: readonly unknown[], report: Report, lineOf: (path: Path) => number): void {
  const seen = new Map<string, number>();
  for (const [index, route] of routes.entries()) {
    const { hosts, path = '/' } = asRecord(route);
    const prefix = usable(parsePath, path);
    if (prefix === null) continue;
    const named = asList(hosts).map((host) => usable(parseHost, host));
    for (const [at, host] of (named.length === 0 ? ['any host'] : named).entries()) {
      if (host === null) continue;
      const key = `${host} ${prefix}`;
      const first = seen.get(key);
      if (first === undefined) {
        seen.set(key, index);
        continue;
      }
      const where = named.length === 0 ? ['routes', index] : ['routes', index, 'hosts', at];
      const taken = first === index ? 'listed twice' : `taken by the route in line ${lineOf(['routes', first])}`;
      report(where, `${host} with path ${prefix} is ${taken}`, 'change the host or the path');
    }
  }
}

/** The admin server is never on the proxy's port, and no address is listened at twice. */
function checkListeners(listen: unknown, admin: unknown, report: Report, lineOf: (path: Path) => number): void {
  const listed = Array.isArray(listen);
  const seen: { address: unknown; port: unknown; path: Path }[] = [];
  const add = (value: unknown, path: Path, address: string, port: number) => {
    const own = { address, port, ...asRecord(value), path };
    const other = seen.find((one) => one.port === own.port && own.port !== 0 && overlap(one.address, own.address));
    if (other !== undefined) {
      const where = other.path.length === 0 ? 'its default' : `line ${lineOf(other.path)}`;
      report(path, `port ${String(own.port)} is taken by listen (${where})`, 'choose another port');
    }
    seen.push(own);
  };
  if (listed) for (const [index, one] of listen.entries()) add(one, ['listen', index], '0.0.0.0', 8080);
  else add(listen, listen === undefined ? [] : ['listen'], '0.0.0.0', 8080);
  if (admin !== false && admin !== null) add(admin, admin === undefined ? [] : ['admin'], '127.0.0.1', 8081);
}

function overlap(a: unknown, b: unknown): boolean {
  const everywhere = ['0.0.0.0', '::'];
  return a === b || everywhere.includes(String(a)) || everywhere.includes(String(b));
}

function checkLimits(limits: Readonly<Record<string, unknown>>, report: Report): void {
  const line = usable(parseSize, limits['requestLineBytes']);
  const head = usable(parseSize, limits['headerBytes'] ?? '16KiB');
  if (line !== null && head !== null && line > head) {
    const path = ['limits', 'requestLineBytes'];
    report(path, `is more than headerBytes, which counts the request line too (${head}B)`, 'raise headerBytes');
  }
}

function checkEjection(ejection: Readonly<Record<string, unknown>>, report: Report): void {
  const { time = '30s', maxTime = '5m' } = ejection;
  const first = usable(parseDuration, time);
  const most = usable(parseDuration, maxTime);
  if (first === null || most === null || first <= most) return;
  const key = ejection['maxTime'] === undefined ? 'time' : 'maxTime';
  const message = `an ejection begins at ${String(time)} and may take ${String(maxTime)} at most`;
  report(['ejection', key], message, 'make maxTime the longer one');
}

function refuse(
  parse: (value: unknown) => unknown,
  value: unknown,
  path: Path,
  report: Report,
  at: 'key' | 'value',
): void {
  try {
    parse(value);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    report(path, error.message, error.remedy, at);
  }
}
