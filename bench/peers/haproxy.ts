import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Children, freePorts } from '../children.ts';
import { type BenchVersion, CANARY_PERCENT, HEADER_ROUTES } from '../routing.ts';
import type { Peer, PeerOptions, Product } from './peer.ts';
import { listening } from './ready.ts';

/** HAProxy with its counters for each backend and server. */
export const haproxy: Product = { name: 'haproxy', version, lacks: [], start };

async function start(children: Children, options: PeerOptions): Promise<Peer> {
  const [port = 0] = await freePorts(1);
  const config = join(children.newFolder('haproxy'), 'haproxy.cfg');
  writeFileSync(config, haproxyConfig(port, options));
  const child = children.start('haproxy', options.cores, 'haproxy', ['-db', '-f', config]);
  await listening(children, child, port);
  return { name: 'haproxy', port, pid: child.pid, child, routes: true };
}

function haproxyConfig(port: number, { versions, tls, workers }: PeerOptions): string {
  const rules = HEADER_ROUTES.map(
    ({ header, value, to }) => `  use_backend ${to} if { req.hdr(${header}) -m str ${value} }`,
  );
  return `global
  nbthread ${workers}
  maxconn 8192
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout http-keep-alive 600s
  option forwardfor
  http-reuse always
frontend bench
  bind 127.0.0.1:${port}${tls === null ? '' : ` ssl crt ${tls.combined} ssl-min-ver TLSv1.3`}
${rules.join('\n')}
  use_backend canary if { rand(100) lt ${CANARY_PERCENT} }
  default_backend stable
${versions.map(backend).join('\n')}
`;
}

function backend({ name, ports }: BenchVersion): string {
  return `backend ${name}
${ports.map((port, index) => `  server s${index} 127.0.0.1:${port}`).join('\n')}`;
}

function version(): string {
  const { error, stdout } = spawnSync('haproxy', ['-v'], { encoding: 'utf8' });
  if (error !== undefined) throw new Error('not installed: haproxy. On Debian: apt-get install haproxy');
  return /\d+(\.\d+)+/.exec(stdout)?.[0] ?? 'unknown';
}
