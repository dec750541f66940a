import { HOP_BY_HOP } from '../lib/hop-by-hop.ts';
import type { SeenRequest } from '../lib/upstreams.ts';

/** What a valid request, given as raw bytes, must look like to the upstream `endpoint` of an untrusted client at 127.0.0.1. */
export function expectedUpstream(
  bytes: string,
  endpoint: string,
): Pick<SeenRequest, 'method' | 'target' | 'fields' | 'body'> {
  const text = bytes.replace(/^(\r\n)+/, '');
  const headEnd = text.indexOf('\r\n\r\n') + 4;
  const [line = '', ...lines] = text.slice(0, headEnd - 4).split('\r\n');
  const [method = '', rawTarget = ''] = line.split(' ');
  const sent = lines.map((field): [string, string] => {
    const colon = field.indexOf(':');
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')];
  });
  const absolute = /^https?:\/\/([^/?]+)(.*)$/i.exec(rawTarget);
  const options = new Set(
    sent
      .filter(([name]) => name === 'connection')
      .flatMap(([, value]) => value.split(',').map((o) => o.trim().toLowerCase())),
  );
  const chunked = sent.some(([name]) => name === 'transfer-encoding');
  const upgrades = sent.filter(([name]) => name === 'upgrade').map(([, value]) => value);
  const upgrade = options.has('upgrade') && upgrades.length > 0 && !upgrades.some((value) => /h2c/i.test(value));
  const kept = sent.filter(([name]) =>
    name === 'upgrade' ? upgrade : !HOP_BY_HOP.has(name) && !options.has(name) && name !== 'http2-settings',
  );
  const host = absolute?.[1] ?? kept.find(([name]) => name === 'host')?.[1];
  const others = kept.filter(([name]) => name !== 'host');
  const ownHost: [string, string][] = absolute === null && host !== undefined ? [] : [['host', host ?? endpoint]];
  const fields = ownHost.length === 0 ? kept : [...ownHost, ...others];
  return {
    method,
    target: originForm(method, rawTarget, absolute?.[2]),
    fields: [
      ...fields,
      ['x-forwarded-for', '127.0.0.1'],
      ['x-forwarded-proto', 'http'],
      ['via', line.endsWith('/1.0') ? '1.0 headgate' : '1.1 headgate'],
      ...(host === undefined ? [] : [['x-forwarded-host', host] as [string, string]]),
      ...(chunked ? [['transfer-encoding', 'chunked'] as [string, string]] : []),
      ...(upgrade ? [['connection', 'upgrade'] as [string, string]] : []),
    ],
    body: chunked ? dechunked(text.slice(headEnd)) : text.slice(headEnd),
  };
}

function originForm(method: string, target: string, path: string | undefined): string {
  if (path === undefined) return target;
  if (path === '') return method === 'OPTIONS' ? '*' : '/';
  return path.startsWith('?') ? `/${path}` : path;
}

function dechunked(body: string): string {
  let content = '';
  for (let at = 0; ; ) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.slice(at, lineEnd), 16);
    if (size === 0) return content;
    content += body.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
  }
}
