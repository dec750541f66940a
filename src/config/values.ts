import { BlockList, isIP, isIPv6 } from 'node:net';
import { availableParallelism } from 'node:os';
import { compileRegex } from '../routing/regex.ts';
import { Refusal } from './refusal.ts';

/*
 * Parsers of single values: `unknown` in, the value that the rest of Headgate works with out. Each throws a Refusal.
 */

/** RFC 9110 5.6.2. */
export const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 5.5, less obs-text: what bytes beyond ASCII mean, sender and receiver would have to agree on. */
const FIELD_VALUE = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const KUBERNETES_NAME = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;
const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/;

/** Fields that steer a connection or a message's framing (RFC 9110 7.6.1, RFC 9112 6): each hop has its own. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
]);

export function parseText(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  if (value === '') throw new Refusal('is an empty string');
  if (typeof value === 'number' || typeof value === 'boolean') {
    throw Refusal.kind('a string', value, `write it in quotes: "${value}"`);
  }
  throw Refusal.kind('a string', value);
}

export function parseFlag(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  const meant = /^(?:yes|on)$/i.test(String(value)) ? 'true' : /^(?:no|off)$/i.test(String(value)) ? 'false' : null;
  throw Refusal.kind('true or false', value, meant === null ? null : `write ${meant}`);
}

/** A whole number within bounds, both included. */
export function parseInteger(value: unknown, least: number, most: number): number {
  if (typeof value !== 'number') throw Refusal.kind('a whole number', value);
  if (!Number.isInteger(value)) throw new Refusal(`must be a whole number, not ${value}`);
  if (value < least || value > most) throw new Refusal(`must be from ${least} to ${most}, not ${value}`);
  return value;
}

export function parseChoice<const T extends string>(value: unknown, choices: readonly T[]): T {
  for (const choice of choices) if (choice === value) return choice;
  throw Refusal.kind(choices.length === 1 ? `"${choices[0]}"` : `one of ${choices.join(', ')}`, value);
}

/** `20%` -> 0.2. Both bounds are included, in percent. */
export function parsePercent(value: unknown, least: number, most: number): number {
  const remedy = 'write a number with "%", such as 20%';
  // 0.2 is meant as a share, 20 as a percentage.
  const meant = typeof value === 'number' && value <= 1 ? Math.round(value * 1_000) / 10 : value;
  if (typeof value === 'number') throw new Refusal(`has no "%": ${value}`, `write ${String(meant)}%`);
  if (typeof value !== 'string') throw Refusal.kind('a percentage', value, remedy);
  const [, digits] = /^(\d+(?:\.\d+)?)%$/.exec(value) ?? [];
  if (digits === undefined) throw new Refusal(`is not a percentage: ${JSON.stringify(value)}`, remedy);
  const percent = Number(digits);
  if (percent < least || percent > most) throw new Refusal(`must be from ${least}% to ${most}%, not ${value}`);
  return percent / 100;
}

/** `auto` is the number of cores this process may use. */
export function parseWorkers(value: unknown): number {
  if (value === 'auto') return availableParallelism();
  if (typeof value !== 'number') throw Refusal.kind('a whole number or auto', value);
  return parseInteger(value, 1, 256);
}

/** An address to listen at: IPv4, IPv6 (without brackets) or `localhost`. */
export function parseListenAddress(value: unknown): string {
  const text = parseText(value);
  if (isIP(text) !== 0 || text === 'localhost') return text;
  const remedy = 'write an IP address such as 0.0.0.0, 127.0.0.1 or "::", or localhost; the port has a key of its own';
  throw new Refusal(`is not an address to listen at: ${JSON.stringify(text)}`, remedy);
}

/** A label that names a route or a static version, in metrics and in version keys. */
export function parseName(value: unknown): string {
  const text = parseText(value);
  if (NAME.test(text) && text.length <= 253) return text;
  throw new Refusal(
    `is not a usable name: ${JSON.stringify(text)}`,
    'letters, digits and "-", "_", "." between them, at most 253',
  );
}

function parseKubernetesName(value: unknown): string {
  const text = parseText(value);
  if (KUBERNETES_NAME.test(text) && text.length <= 253) return text;
  throw new Refusal(
    `is not a Kubernetes name: ${JSON.stringify(text)}`,
    'lower-case letters, digits, "-" and "."; at most 253',
  );
}

/** `name` or `namespace/name`. */
export function parseRolloutName(value: unknown): { namespace: string | null; name: string } {
  const text = parseText(value);
  const slash = text.indexOf('/');
  if (slash === -1) return { namespace: null, name: parseKubernetesName(text) };
  return { namespace: parseKubernetesName(text.slice(0, slash)), name: parseKubernetesName(text.slice(slash + 1)) };
}

/** `name`, `namespace/name` or either with `#template`: one template of an Experiment rather than all. */
export function parseExperimentReference(value: unknown): string {
  const text = parseText(value);
  const [name = '', ...templates] = text.split('#');
  parseRolloutName(name);
  if (templates.length > 0) parseKubernetesName(templates.join('#'));
  return text;
}

/** A Service port's name (kept as text) or number. */
export function parseServicePort(value: unknown): string | number {
  if (typeof value === 'number') return parseInteger(value, 1, 65_535);
  return parseKubernetesName(value);
}

/** Exact (`api.example.com`, `[::1]`) or suffix (`*.example.org`); lower-cased. */
export function parseHost(value: unknown): string {
  const text = parseText(value).toLowerCase();
  if (text === '*') throw new Refusal('"*" is not a host', 'leave hosts out to take every host');
  if (text.startsWith('[') && text.endsWith(']') && isIPv6(text.slice(1, -1))) return text;
  const name = text.startsWith('*.') ? text.slice(2) : text;
  if (HOST_NAME.test(name)) return text;
  throw new Refusal(`is not a host: ${JSON.stringify(text)}`, hostRemedy(text));
}

function hostRemedy(text: string): string {
  if (text.includes('://')) return 'write the host alone, without scheme or path';
  if (text.includes('/')) return 'write the host alone; the path has a key of its own';
  if (/:\d+$/.test(text)) return 'write the host without a port';
  if (text.includes('*')) return '"*" stands only for whole labels at the front: "*.example.org"';
  if (/[^\0-\x7f]/.test(text)) return 'write an international name in its "xn--" form';
  return 'write api.example.com or "*.example.org"';
}

/** A path prefix; a slash at its end is dropped, since `/a/` and `/a` name the same segments. */
export function parsePath(value: unknown): string {
  const text = parseText(value);
  if (!text.startsWith('/')) throw new Refusal(`does not begin with "/": ${JSON.stringify(text)}`, `write /${text}`);
  if (/[?#*]|[^\x21-\x7e]/.test(text)) {
    throw new Refusal(
      `is not a path prefix: ${JSON.stringify(text)}`,
      'no "?", "#", "*" or blanks; percent-encode the rest',
    );
  }
  if (/\/\.{1,2}(?:\/|$)/.test(text)) throw new Refusal(`has a "." or ".." segment: ${JSON.stringify(text)}`);
  return text.length > 1 && text.endsWith('/') ? text.slice(0, -1) : text;
}

/** The target of a request that Headgate makes itself. */
export function parseRequestPath(value: unknown): string {
  const text = parseText(value);
  if (!text.startsWith('/')) throw new Refusal(`does not begin with "/": ${JSON.stringify(text)}`, `write /${text}`);
  if (/[#]|[^\x21-\x7e]/.test(text)) {
    throw new Refusal(`is not a path: ${JSON.stringify(text)}`, 'no "#" or blanks; percent-encode the rest');
  }
  return text;
}

/** What goes into a Host field: a host, with a port or without. */
export function parseHostField(value: unknown): string {
  const text = parseText(value);
  const host = text.replace(/:\d{1,5}$/, '');
  if (HOST_NAME.test(host.toLowerCase()) || (/^\[.*\]$/.test(host) && isIPv6(host.slice(1, -1)))) return text;
  throw new Refusal(`is not a host: ${JSON.stringify(text)}`, 'write a name, with a port or without: api.example.com');
}

/** `200` or `200-399`: the first and the last. */
export function parseStatuses(value: unknown): [least: number, most: number] {
  const remedy = 'write a status or a range of them: 200, or 200-399';
  if (typeof value !== 'string' && typeof value !== 'number') throw Refusal.kind('a range of statuses', value, remedy);
  const [, first, last = first] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(String(value)) ?? [];
  if (first === undefined || Number(first) > Number(last)) {
    throw new Refusal(`is not a range of statuses: ${JSON.stringify(value)}`, remedy);
  }
  return [Number(first), Number(last)];
}

/** `host:port`, an IPv6 address in brackets. */
export function parseEndpoint(value: unknown): { host: string; port: number } {
  const text = parseText(value);
  const [, host, digits] = /^(.+):(\d+)$/.exec(text) ?? [];
  const port = Number(digits);
  if (host !== undefined) {
    if (port < 1 || port > 65_535) {
      throw new Refusal(`has no usable port: ${JSON.stringify(text)}`, 'a port is from 1 to 65535');
    }
    if (host.startsWith('[') && host.endsWith(']')) {
      const inner = host.slice(1, -1);
      if (isIPv6(inner)) return { host: inner.toLowerCase(), port };
    } else if (HOST_NAME.test(host.toLowerCase())) {
      return { host: host.toLowerCase(), port };
    }
  }
  throw new Refusal(
    `is not an endpoint: ${JSON.stringify(text)}`,
    'write host:port, such as "10.0.0.7:8080" or "[::1]:80"',
  );
}

/** The name that a server's certificate must be for. */
export function parseServerName(value: unknown): string {
  const name = parseText(value).toLowerCase();
  if (HOST_NAME.test(name) && isIP(name) === 0) return name;
  throw new Refusal(
    `is not a host name: ${JSON.stringify(value)}`,
    'write a name that is in the certificate: api.internal',
  );
}

/** A network; a single address becomes a network of one (`10.0.0.7` -> `10.0.0.7/32`). */
export function parseNetwork(value: unknown): string {
  const text = parseText(value);
  const slash = text.indexOf('/');
  const address = slash === -1 ? text : text.slice(0, slash);
  const family = isIP(address);
  const digits = slash === -1 ? (family === 6 ? '128' : '32') : text.slice(slash + 1);
  if (family !== 0 && /^\d{1,3}$/.test(digits)) {
    try {
      new BlockList().addSubnet(address, Number(digits), family === 6 ? 'ipv6' : 'ipv4');
      return `${address}/${Number(digits)}`;
    } catch {
      // A prefix that is too long is refused below, as every other mistake is.
    }
  }
  throw new Refusal(`is not a network: ${JSON.stringify(text)}`, 'write 10.0.0.0/8 or "fd00::/8"');
}

/** The name of a header that a client sends, to route by; lower-cased. */
export function parseRequestHeader(value: unknown): string {
  const name = parseFieldName(value);
  if (name === 'host') throw new Refusal('is not a header to route by: host', "use the route's hosts");
  return name;
}

/** The name of a header that Headgate adds to responses; lower-cased. */
export function parseResponseHeader(value: unknown): string {
  const name = parseFieldName(value);
  if (['date', 'server', 'via', 'set-cookie', 'content-type', 'content-encoding', 'location'].includes(name)) {
    throw new Refusal(`has a meaning of its own: ${name}`, 'choose another, such as x-headgate-version');
  }
  return name;
}

function parseFieldName(value: unknown): string {
  const text = parseText(value);
  if (!TOKEN.test(text)) {
    throw new Refusal(`is not a header name: ${JSON.stringify(text)}`, 'write the name alone, such as x-canary');
  }
  const name = text.toLowerCase();
  if (HOP_BY_HOP.has(name)) {
    throw new Refusal(`concerns one connection only: ${name}`, 'choose a header that is sent from end to end');
  }
  return name;
}

/** A header's whole value. */
export function parseFieldValue(value: unknown): string {
  const text = parseText(value);
  if (FIELD_VALUE.test(text)) return text;
  throw new Refusal(
    `is not a value that a header can have: ${JSON.stringify(text)}`,
    'printable ASCII, with no blank at either end',
  );
}

/** What a header's value begins with; unlike a whole value it may end in a blank (`Bearer `). */
export function parseFieldPrefix(value: unknown): string {
  if (value === '') throw new Refusal('is empty, which every value begins with', 'write present: true');
  const text = parseText(value);
  parseFieldValue(text.trimEnd());
  return text;
}

/** RE2 syntax: matching takes linear time, so no value of a client can stall a worker. */
export function parseRegex(value: unknown): string {
  const text = parseText(value);
  try {
    compileRegex(text);
    return text;
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
    throw new Refusal(
      `is not a regular expression in RE2 syntax: ${reason}`,
      'RE2 has no look-around or back-references',
    );
  }
}
