import type { Path } from '../common/format-path.ts';
import { asList, asRecord } from '../common/records.ts';
import type { Report } from './report.ts';
import { usable } from './usable.ts';
import { parseEndpoint } from './values.ts';

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|localhost)$/;

/** A static endpoint that is an address where Headgate listens: each request to it would come back, without end. */
export function checkLoops(listen: unknown, routes: unknown, report: Report): void {
  const listeners = (Array.isArray(listen) ? asList(listen) : [listen]).map((one) => ({
    address: '0.0.0.0',
    port: 8080,
    ...asRecord(one),
  }));
  for (const { path, endpoint } of endpointsOf(routes)) {
    const own = listeners.find(({ address, port }) => port === endpoint.port && reaches(endpoint.host, address));
    if (own === undefined) continue;
    const message = `is where Headgate itself listens (${own.address}, port ${own.port}): every request would come back`;
    report(path, message, 'write where the version listens, or choose another port in listen');
  }
}

function endpointsOf(routes: unknown) {
  return asList(routes).flatMap((route, index) =>
    Object.entries(asRecord(asRecord(route)['versions'])).flatMap(([name, version]) =>
      asList(asRecord(version)['endpoints']).flatMap((written, at) => {
        const endpoint = usable(parseEndpoint, written);
        const path: Path = ['routes', index, 'versions', name, 'endpoints', at];
        return endpoint === null ? [] : [{ path, endpoint }];
      }),
    ),
  );
}

/** Whether a connection to `host` ends at a listener on `address` of this machine. Other addresses of it are not known. */
function reaches(host: string, address: unknown): boolean {
  if (host === address) return true;
  if (address === '0.0.0.0') return LOOPBACK.test(host);
  if (address === '::') return LOOPBACK.test(host) || host === '::1' || host === '0.0.0.0';
  if (address === 'localhost') return host === '127.0.0.1' || host === '::1';
  return host === 'localhost' && (address === '127.0.0.1' || address === '::1');
}
