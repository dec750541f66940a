import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { type Child, type Children, freePorts } from './children.ts';
import { nginxWorker, proxyConfig, type Split, startNginx, upstreamConfig } from './nginx.ts';
import { type BenchVersion, HEADER_ROUTES } from './workload.ts';

export const PROXY_CORE = 0;
export const LOAD_CORE = 1;

/** One proxy under test, running. */
export interface Peer {
  readonly name: string;
  readonly port: number;
  /** The process whose CPU time and memory count. */
  readonly pid: number;
  /** False for a floor that routes nothing. */
  readonly routes: boolean;
}

type Start = (children: Children, versions: readonly BenchVersion[]) => Promise<Peer>;

/** Every peer by the name that `--peers` takes. */
export const PEERS: Readonly<Record<string, Start>> = {
  headgate: startHeadgate,
  nginx: (children, versions) => startNginxProxy(children, versions, 'nginx', 'map'),
  'nginx-split-clients': (children, versions) =>
    startNginxProxy(children, versions, 'nginx-split-clients', 'split_clients'),
  relay: startRelay,
};

/** Starts the upstream of every version. */
export async function startUpstream(children: Children, versions: readonly BenchVersion[]): Promise<void> {
  const child = startNginx(children, 'upstream', LOAD_CORE, upstreamConfig(versions));
  for (const port of versions.flatMap(({ ports }) => ports)) await listening(children, child, port);
}

async function startHeadgate(children: Children, versions: readonly BenchVersion[]): Promise<Peer> {
  const [port = 0, adminPort = 0] = await freePorts(2);
  const config = join(children.folder, 'headgate.yaml');
  writeFileSync(config, stringify(headgateConfig(port, adminPort, versions)));
  const bin = fileURLToPath(new URL('../bin/headgate', import.meta.url));
  const child = children.start('headgate', PROXY_CORE, process.execPath, [bin, 'serve', '--config', config]);
  await children.ready(child, async () => (await statusOf(adminPort, '/readyz')) === 200);
  return { name: 'headgate', port, pid: child.pid, routes: true };
}

function headgateConfig(port: number, adminPort: number, versions: readonly BenchVersion[]): object {
  const staticVersions = versions.map(({ name, weight, ports }) => [
    name,
    { ...(weight === null ? {} : { weight }), endpoints: ports.map((upstream) => `127.0.0.1:${upstream}`) },
  ]);
  return {
    listen: { address: '127.0.0.1', port },
    admin: { address: '127.0.0.1', port: adminPort },
    workers: 1,
    routes: [
      {
        name: 'bench',
        headers: HEADER_ROUTES.map(({ header, value, to }) => ({ name: header, exact: value, to })),
        versions: Object.fromEntries(staticVersions),
      },
    ],
    drain: { delay: '0s', timeout: '1s' },
  };
}

async function startNginxProxy(
  children: Children,
  versions: readonly BenchVersion[],
  name: string,
  split: Split,
): Promise<Peer> {
  const [port = 0] = await freePorts(1);
  const child = startNginx(children, name, PROXY_CORE, proxyConfig(port, versions, split));
  await listening(children, child, port);
  return { name, port, pid: nginxWorker(child.pid), routes: true };
}

async function startRelay(children: Children, versions: readonly BenchVersion[]): Promise<Peer> {
  const [port = 0] = await freePorts(1);
  const script = fileURLToPath(new URL('relay.ts', import.meta.url));
  const upstreams = versions.flatMap(({ ports }) => ports).map(String);
  const child = children.start('relay', PROXY_CORE, process.execPath, [script, String(port), ...upstreams]);
  await listening(children, child, port);
  return { name: 'relay', port, pid: child.pid, routes: false };
}

async function listening(children: Children, child: Child, port: number): Promise<void> {
  await children.ready(child, () => accepts(port));
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function statusOf(port: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .once('error', reject)
      .end();
  });
}
