import type { PeerOptions } from './peers/peer.ts';
import { HEADER_ROUTES } from './routing.ts';

/** Headgate's configuration for the work, as plain data. */
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
