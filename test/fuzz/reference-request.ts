import { isIPv6 } from 'node:net';
import { HOP_BY_HOP } from '../lib/hop-by-hop.ts';
import {
  type FieldLine,
  framingOf,
  INCOMPLETE,
  membersOf,
  REFUSED,
  type Read,
  readChunked,
  readFields,
  readLine,
  TOKEN,
  valuesOf,
} from './reference-syntax.ts';

export interface ReferenceRequest {
  readonly method: string;
  /** As the upstream must see it. */
  readonly target: string;
  readonly minor: number;
  /** The authority; undefined in HTTP/1.0 without Host. */
  readonly host: string | undefined;
  /** The target has an authority of its own. */
  readonly absolute: boolean;
  readonly fields: readonly FieldLine[];
  readonly chunked: boolean;
  /** Asks for another protocol, and may have it. */
  readonly upgrade: boolean;
  /** Null: what has arrived is not all of it. */
  readonly body: string | null;
  readonly keepAlive: boolean;
}

/** `end` is where the next message begins. `broken`: the head is complete, but the body is not and can never be. */
export type NextRequest =
  | Read<ReferenceRequest>
  | { readonly is: 'truncated'; readonly request: ReferenceRequest }
  | { readonly is: 'broken'; readonly request: ReferenceRequest };

const LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([!"$-~]+) HTTP\/([0-9])\.([0-9])$/;
const LINE_BEGUN = /^(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]*|[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [!"$-~]*(?:(?<=[!"$-~]) [!"$-~]*)?)$/;
const LINE_CR = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [!"$-~]+ HTTP\/1\.[01]\r$/;

/** Reads the request that begins at `start`. */
export function readRequest(text: string, start: number): NextRequest {
  let at = start;
  // RFC 9112 2.2: empty lines before the request line are ignored.
  while (text.startsWith('\r\n', at)) at += 2;
  if (at === text.length || text.slice(at) === '\r') return INCOMPLETE;
  const line = readLine(text, at, LINE, text.endsWith('\r') ? LINE_CR : LINE_BEGUN);
  if (line.is !== 'complete') return line;
  const [, method = '', rawTarget = '', major, minorDigit] = line.value;
  const minor = Number(minorDigit);
  const target = targetOf(method, rawTarget);
  // 405: CONNECT would make a tunnel, TRACE would show a client its own fields (RFC 9110 9.3.6 and 9.3.8).
  if (major !== '1' || minor > 1 || method === 'CONNECT' || method === 'TRACE' || target === null) return REFUSED;
  const head = readFields(text, line.end);
  if (head.is !== 'complete') return head;
  const fields = head.value;
  const hosts = valuesOf(fields, 'host');
  if (hosts.length > 1 || (hosts.length === 0 && minor === 1) || !hosts.every(isAuthority)) return REFUSED;
  const framing = framingOf(fields, minor);
  const options = membersOf(fields, 'connection');
  if (framing === 'refused' || options.length > 64) return REFUSED;
  // RFC 9110 10.1.1: what an HTTP/1.0 client says here is ignored.
  if (minor === 1 && valuesOf(fields, 'expect').some((value) => value.toLowerCase() !== '100-continue')) return REFUSED;
  const upgrade = minor === 1 && options.includes('upgrade') && valuesOf(fields, 'upgrade').length > 0;
  if (upgrade && (framing === 'chunked' || (typeof framing === 'number' && framing > 0))) return REFUSED;
  const body = readBody(text, head.end, framing);
  const request: ReferenceRequest = {
    method,
    target: target.path,
    minor,
    host: target.authority ?? hosts[0],
    absolute: target.authority !== undefined,
    fields,
    chunked: framing === 'chunked',
    upgrade: upgrade && mayUpgrade(fields),
    body: body.is === 'complete' ? body.value : null,
    // RFC 9112 9.3.
    keepAlive: !options.includes('close') && (minor === 1 || options.includes('keep-alive')),
  };
  if (body.is === 'complete') return { is: 'complete', end: body.end, value: request };
  return body.is === 'refused' ? { is: 'broken', request } : { is: 'truncated', request };
}

/** RFC 9110 7.8, but for protocols that are HTTP again: requests in them would pass by every check. */
function mayUpgrade(fields: readonly FieldLine[]): boolean {
  const protocols = membersOf(fields, 'upgrade');
  return (
    protocols.length > 0 &&
    protocols.every((protocol) => {
      const [name = '', ...version] = protocol.split('/');
      if (['h2', 'h2c', 'http', 'tls'].includes(name)) return false;
      return TOKEN.test(name) && version.length < 2 && version.every((part) => TOKEN.test(part));
    })
  );
}

function readBody(text: string, at: number, framing: number | 'chunked' | 'none'): Read<string> {
  if (framing === 'none') return { is: 'complete', end: at, value: '' };
  if (framing === 'chunked') return readChunked(text, at);
  const end = at + framing;
  return end > text.length ? INCOMPLETE : { is: 'complete', end, value: text.slice(at, end) };
}

/** RFC 9112 3.2, and 3.2.4 for OPTIONS without a path. Null: not a target that a request may have. */
function targetOf(method: string, target: string): { path: string; authority?: string } | null {
  if (target.startsWith('/')) return { path: target };
  if (target === '*') return method === 'OPTIONS' ? { path: target } : null;
  const absolute = /^https?:\/\/([^/?]*)(.*)$/i.exec(target);
  const [, authority = '', path = ''] = absolute ?? [];
  if (absolute === null || !isAuthority(authority)) return null;
  if (path === '') return { path: method === 'OPTIONS' ? '*' : '/', authority };
  return { path: path.startsWith('?') ? `/${path}` : path, authority };
}

/** RFC 3986 3.2.2 and RFC 9110 4.2.1: a host that is not empty and, perhaps, a port up to 65535. */
function isAuthority(text: string): boolean {
  const match = /^(?:\[([0-9a-f:.]+)\]|(?:[-._~!$&'()*+,;=0-9a-z]|%[0-9a-f]{2})+)(?::([0-9]*))?$/i.exec(text);
  if (match === null || (match[1] !== undefined && !isIPv6(match[1]))) return false;
  return match[2] === undefined || BigInt(match[2] === '' ? '0' : match[2]) <= 65_535n;
}

const FORWARDED = new Set(['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'forwarded']);

/** Fields that Connection cannot take away from those behind who trust or need them (CVE-2026-33805). */
const SAFE = new Set(
  `host content-length expect via x-forwarded-for x-forwarded-proto x-forwarded-host forwarded max-forwards date server
  proxy-authenticate authorization cookie set-cookie content-type content-encoding content-range cache-control location x-real-ip
  www-authenticate`.split(/\s+/),
);

/** What CGI and its like take for a field that frames or vouches. */
const ALIAS = /^(?=.*_)(content.length|transfer.encoding|x.forwarded.(for|proto|host)|x.real.ip)$/;

function isAlias(name: string): boolean {
  return ALIAS.test(name) && /^[a-z_-]+$/.test(name);
}

/** Fields that survive this hop (RFC 9110 7.6.1). Upgrade does where both hops are to become something else. */
export function endToEnd(fields: readonly FieldLine[], upgrade: boolean): FieldLine[] {
  const named = new Set(membersOf(fields, 'connection').filter((option) => TOKEN.test(option)));
  return fields.filter(
    ([name]) =>
      !isAlias(name) &&
      (!HOP_BY_HOP.has(name) || (upgrade && name === 'upgrade')) &&
      (!named.has(name) || HOP_BY_HOP.has(name) || SAFE.has(name) || name.startsWith('x-forwarded-')),
  );
}

/** The request as the upstream at `endpoint` must see it, from an untrusted client at 127.0.0.1. */
export function asForwarded(request: ReferenceRequest, endpoint: string): FieldLine[] {
  const { fields, minor, host, absolute, chunked, upgrade, method } = request;
  const hasUpgrade = valuesOf(fields, 'upgrade').length > 0;
  const kept = endToEnd(fields, upgrade).filter(
    // RFC 9110 10.1.1 for Expect; RFC 7540 3.2.1 for HTTP2-Settings.
    ([name]) =>
      !FORWARDED.has(name) && !(name === 'expect' && minor === 0) && !(name === 'http2-settings' && hasUpgrade),
  );
  const sent: FieldLine[] = [];
  let rest = kept;
  if (absolute || host === undefined) {
    sent.push(['host', host ?? endpoint]);
    rest = rest.filter(([name]) => name !== 'host');
  }
  const forwards = valuesOf(fields, 'max-forwards').at(-1) ?? '';
  // RFC 9110 7.6.2.
  if (
    method === 'OPTIONS' &&
    /^[0-9]+$/.test(forwards) &&
    Number(forwards) > 0 &&
    Number.isSafeInteger(Number(forwards))
  ) {
    sent.push(['max-forwards', String(Number(forwards) - 1)]);
    rest = rest.filter(([name]) => name !== 'max-forwards');
  }
  sent.push(...rest, ['x-forwarded-for', '127.0.0.1'], ['x-forwarded-proto', 'http'], ['via', `1.${minor} headgate`]);
  if (host !== undefined) sent.push(['x-forwarded-host', host]);
  if (chunked) sent.push(['transfer-encoding', 'chunked']);
  if (upgrade) sent.push(['connection', 'upgrade']);
  return sent;
}

/** Headgate answers itself: the last hop of OPTIONS (RFC 9110 7.6.2), or a loop. */
export function isAnsweredHere({ method, fields }: ReferenceRequest): boolean {
  const forwards = valuesOf(fields, 'max-forwards').at(-1) ?? '';
  if (method === 'OPTIONS' && /^0+$/.test(forwards)) return true;
  return valuesOf(fields, 'via').reduce((hops, value) => hops + value.split(',').length, 0) >= 16;
}
