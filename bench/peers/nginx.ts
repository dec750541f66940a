import { spawnSync } from 'node:child_process';
import { type Children, freePorts } from '../children.ts';
import { nginxWorker, startNginx } from '../nginx.ts';
import { type BenchVersion, CANARY_PERCENT, HEADER_ROUTES } from '../routing.ts';
import type { Peer, PeerOptions, Product } from './peer.ts';
import { listening } from './ready.ts';

/** `map` is the cheapest random choice that nginx has; $request_id is 128 random bits in hex, 26 of the 256 values of its first byte are 10.2%. */
const MAP_SPLIT = '  map $request_id $weighted { "~^(?:0|1[0-9])" canary; default stable; }';
/** The directive made for it. */
const SPLIT_CLIENTS = `  split_clients $request_id $weighted { ${CANARY_PERCENT}% canary; * stable; }`;

/** What somebody sets who passes on large bodies. */
const LARGE_BUFFERS = `      proxy_buffer_size 64k;
      proxy_buffers 8 64k;
      client_body_buffer_size 64k;`;

/** As it comes. */
export const nginx = product('nginx', MAP_SPLIT, '', []);
/** With buffers that large bodies need: the honest comparison for them. */
export const nginx64k = product('nginx-64k', MAP_SPLIT, LARGE_BUFFERS, []);
/** A variant of the split alone, so that GET is enough. */
export const nginxSplitClients = product('nginx-split-clients', SPLIT_CLIENTS, '', [
  'get-16k',
  'get-1m',
  'post-4k',
  'get-25-fields',
  'pipelined',
  'tls',
  'idle-1000',
]);

function product(name: string, split: string, buffers: string, lacks: readonly string[]): Product {
  return { name, version, lacks, start: (children, options) => start(children, options, name, split, buffers) };
}

async function start(
  children: Children,
  options: PeerOptions,
  name: string,
  split: string,
  buffers: string,
): Promise<Peer> {
  const { child, port } = await spawn(children, options, name, split, buffers);
  await listening(children, child, port);
  return { name, port, pid: nginxWorker(child.pid), child, routes: true };
}

/** Starts it as it comes, and does not wait for it. */
export async function spawnNginx(children: Children, options: PeerOptions): Promise<Pick<Peer, 'child' | 'port'>> {
  return spawn(children, options, 'nginx', MAP_SPLIT, '');
}

async function spawn(
  children: Children,
  options: PeerOptions,
  name: string,
  split: string,
  buffers: string,
): Promise<Pick<Peer, 'child' | 'port'>> {
  const [port = 0] = await freePorts(1);
  const config = proxyConfig(port, options, split, buffers);
  return { child: startNginx(children, name, options.cores, config, options.workers), port };
}

/** Headgate's work: header rules first, then the split; keep-alive and X-Forwarded-For to the upstream. */
function proxyConfig(port: number, { versions, tls }: PeerOptions, split: string, buffers: string): string {
  const headers = HEADER_ROUTES.map(({ header, value, to }, index) => {
    const otherwise = index + 1 < HEADER_ROUTES.length ? `$version${index + 1}` : '$weighted';
    return `  map $http_${header.replaceAll('-', '_')} $version${index} { ${value} ${to}; default ${otherwise}; }`;
  });
  const certificate =
    tls === null
      ? ''
      : `    ssl_certificate ${tls.certificate};
    ssl_certificate_key ${tls.key};
    ssl_protocols TLSv1.3;`;
  return `${versions.map(upstreamBlock).join('\n')}
${split}
${headers.join('\n')}
  server {
    listen 127.0.0.1:${port}${tls === null ? '' : ' ssl'};
${certificate}
    location / {
      proxy_pass http://$version0;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
${buffers}
    }
  }`;
}

function upstreamBlock({ name, ports }: BenchVersion): string {
  return `  upstream ${name} {
${ports.map((port) => `    server 127.0.0.1:${port};`).join('\n')}
    keepalive 128;
    keepalive_requests 1000000000;
  }`;
}

function version(): string {
  const { error, stderr } = spawnSync('nginx', ['-v'], { encoding: 'utf8' });
  if (error !== undefined) throw new Error('not installed: nginx. On Debian: apt-get install nginx-light');
  return /\d+(\.\d+)+/.exec(stderr)?.[0] ?? 'unknown';
}
