import { COMPLETE } from '../../src/http1/parse-status.ts';
import { RequestHead } from '../../src/http1/request-head.ts';
import { Http1RequestView } from '../../src/proxy/request-view.ts';
import type { RequestView } from '../../src/routing/match.ts';

const LIMITS = { requestLineBytes: 65_536, headerBytes: 131_072, headers: 1_000 };
/** What precedes the head in its buffer, so that a position that forgets `base` points at the wrong bytes. */
const BEFORE = 'GET /canary HTTP/1.1\r\nhost: other.example\r\nx-canary: true\r\n\r\n';

/**
 * A request as the data plane shows it to the matcher: real bytes through the real parser.
 * @param lines field lines; `host: api.example.com` unless one of them is a Host field
 */
export function request(target: string, ...lines: readonly string[]): RequestView {
  const host = lines.some((line) => /^host:/i.test(line)) ? [] : ['host: api.example.com'];
  return parse([`GET ${target} HTTP/1.1`, ...host, ...lines, '', ''].join('\r\n'));
}

/** A request of HTTP/1.0, which need not name a host. */
export function requestWithoutHost(target: string): RequestView {
  return parse(`GET ${target} HTTP/1.0\r\n\r\n`);
}

/** A request for this Host at `/`. */
export function requestTo(host: string): RequestView {
  return request('/', `host: ${host}`);
}

function parse(text: string): RequestView {
  const bytes = Buffer.from(BEFORE + text, 'utf8');
  const head = new RequestHead(LIMITS);
  head.reset();
  if (head.parse(bytes, BEFORE.length, bytes.length) !== COMPLETE) throw new Error(`${head.reason}: ${text}`);
  const view = new Http1RequestView(head, bytes);
  view.show(head, bytes);
  return view;
}
