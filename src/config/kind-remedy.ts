import type { Path } from '../common/format-path.ts';

const CERTIFICATE = '{ certificate: tls.crt, key: tls.key }';

/** By the path of the key, without the places in lists: a value that is right there, and what else may be. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['listen', 'write { address: 0.0.0.0, port: 8080 }'],
  ['listen.tls', `write { certificates: [${CERTIFICATE}] }`],
  ['listen.tls.certificates', `write [${CERTIFICATE}]`],
  ['admin', 'write { address: 127.0.0.1, port: 8081 }, or false for no admin server'],
  ['retries', 'write { budget: 20% }, or false to send nothing twice'],
  ['ejection', 'write { failures: 5 }, or false to switch it off; it is on unless set'],
  ['drain', 'write { delay: 5s, timeout: 30s }'],
  ['metrics', 'write { prefix: headgate_ }'],
  ['analysis', 'write { peers: "headgate-admin:8081" }, or leave it out for one replica'],
  ['log', 'write { level: info }'],
  ['routes.tls', 'write true, or { serverName: api.internal }'],
  ['routes.healthCheck', 'write { path: /healthz }'],
]);

/** Where lists of texts are: a text alone only lacks its brackets. */
const TEXTS = new Set(['trailers', 'forwarded.trusted', 'source.files', 'routes.hosts']);

/** What to write instead of a value that is not the map or the list that it has to be. Null: the message says it all. */
export function kindRemedy(path: Path, value: unknown): string | null {
  const key = path.filter((segment) => typeof segment === 'string').join('.');
  if (TEXTS.has(key) && typeof value === 'string') return `put it in brackets: [${JSON.stringify(value)}]`;
  return REMEDIES.get(key) ?? null;
}
