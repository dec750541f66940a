import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { type Children, freePorts } from '../children.ts';
import { HEADER_ROUTES } from '../routing.ts';
import type { Peer, PeerOptions, Product } from './peer.ts';
import { answering } from './ready.ts';

/** Headgate as the repository has it. */
export const headgate: Product = { name: 'headgate', version, lacks: [], start };

/** Headgate's configuration for the work, as plain data; also for those who start it in their own way. */
export function headgateConfig(port: number, adminPort: number, { versions, tls, workers }: PeerOptions): object {
  const staticVersions = versions.map(({ name, weight, ports }) => [
    name,
    { ...(weight === null ? {} : { weight }), endpoints: ports.map((upstream) => `127.0.0.1:${upstream}`) },
  ]);
  const certificates = tls === null ? [] : [{ certificate: tls.certificate, key: tls.key }];
  return {
    listen: {
      address: '127.0.0.1',
      port,
      ...(tls === null ? {} : { tls: { certificates, minVersion: 'TLSv1.3' } }),
    },
    admin: { address: '127.0.0.1', port: adminPort },
    workers,
    routes: [
      {
        name: 'bench',
        headers: HEADER_ROUTES.map(({ header, value, to }) => ({ name: header, exact: value, to })),
        versions: Object.fromEntries(staticVersions),
      },
    ],
    // Appends to X-Forwarded-For, as the others do, instead of replacing it.
    forwarded: { trusted: ['127.0.0.0/8'] },
    timeouts: { keepAlive: '600s' },
    drain: { delay: '0s', timeout: '1s' },
  };
}

async function start(children: Children, options: PeerOptions): Promise<Peer> {
  const [port = 0, adminPort = 0] = await freePorts(2);
  const config = join(children.newFolder('headgate'), 'headgate.yaml');
  writeFileSync(config, stringify(headgateConfig(port, adminPort, options)));
  const bin = fileURLToPath(new URL('../../bin/headgate', import.meta.url));
  const child = children.start('headgate', options.cores, process.execPath, [bin, 'serve', '--config', config]);
  await answering(children, child, adminPort, '/readyz');
  return { name: 'headgate', port, pid: child.pid, child, routes: true };
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return `${/"version": "([^"]+)"/.exec(text)?.[1] ?? 'unknown'} on Node.js ${process.versions.node}`;
}
