import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Child, Children } from './children.ts';
import { type BenchVersion, BODY, CANARY_PERCENT, HEADER_ROUTES, PROOF_PATH } from './workload.ts';

/** `map`: the cheapest random choice that nginx has; `split_clients`: the directive made for it. */
export type Split = 'map' | 'split_clients';

/** The upstream of every version. It shows what it saw at PROOF_PATH only, so that the timed answer is small. */
export function upstreamConfig(versions: readonly BenchVersion[]): string {
  const listens = versions.flatMap(({ ports }) => ports.map((port) => `    listen 127.0.0.1:${port};`));
  return `  server {
${listens.join('\n')}
    default_type text/plain;
    location / { return 200 ${JSON.stringify(BODY)}; }
    location ${PROOF_PATH} {
      add_header proof-port $server_port;
      add_header proof-forwarded-for $http_x_forwarded_for;
      add_header proof-connection-requests $connection_requests;
      return 200 ${JSON.stringify(BODY)};
    }
  }`;
}

/** nginx doing Headgate's work: header rules first, then the split; keep-alive and X-Forwarded-For to the upstream. */
export function proxyConfig(port: number, versions: readonly BenchVersion[], split: Split): string {
  const upstreams = versions.map(
    ({ name, ports }) => `  upstream ${name} {
${ports.map((upstream) => `    server 127.0.0.1:${upstream};`).join('\n')}
    keepalive 128;
    keepalive_requests 1000000000;
  }`,
  );
  // $request_id is 128 random bits in hex: 26 of the 256 values of its first byte are 10.2%.
  const weighted =
    split === 'map'
      ? '  map $request_id $weighted { "~^(?:0|1[0-9])" canary; default stable; }'
      : `  split_clients $request_id $weighted { ${CANARY_PERCENT}% canary; * stable; }`;
  const headers = HEADER_ROUTES.map(({ header, value, to }, index) => {
    const otherwise = index + 1 < HEADER_ROUTES.length ? `$version${index + 1}` : '$weighted';
    return `  map $http_${header.replaceAll('-', '_')} $version${index} { ${value} ${to}; default ${otherwise}; }`;
  });
  return `${upstreams.join('\n')}
${weighted}
${headers.join('\n')}
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://$version0;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }`;
}

/** Starts nginx with one worker. */
export function startNginx(children: Children, name: string, core: number, servers: string): Child {
  const folder = join(children.folder, name);
  mkdirSync(folder);
  const config = join(folder, 'nginx.conf');
  // Started by root, the worker would become another user, who may not enter the folder.
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (of) => `  ${of}_temp_path ${folder}/${of};`,
  );
  writeFileSync(
    config,
    `${user}daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
${temporary.join('\n')}
${servers}
}
`,
  );
  return children.start(name, core, 'nginx', ['-p', folder, '-e', 'stderr', '-c', config]);
}

/** Process id of nginx's only worker: the child of the master. */
export function nginxWorker(master: number): number {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    let status: string;
    try {
      status = readFileSync(`/proc/${entry}/status`, 'utf8');
    } catch {
      continue;
    }
    if (status.includes(`\nPPid:\t${master}\n`)) return Number(entry);
  }
  throw new Error(`nginx (${master}) has no worker process`);
}
