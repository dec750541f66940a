import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Certificate } from '../../certificate.ts';
import type { BenchVersion } from '../../routing.ts';

/** What a peer that is a program for Node.js is told: its only argument, as JSON. */
export interface Work {
  readonly port: number;
  readonly versions: readonly BenchVersion[];
  /** Null: plain HTTP. */
  readonly tls: Certificate | null;
}

/** The work of this process. */
export function readWork(): Work {
  const work: Work = JSON.parse(process.argv[2] ?? '');
  return work;
}

/** Serves the work. Idle connections stay, as with every peer. */
export function serve({ port, tls }: Work, chosen: ServerOptions, listener: RequestListener): void {
  const options: ServerOptions = { ...chosen, keepAliveTimeout: 600_000 };
  const server =
    tls === null
      ? createServer(options, listener)
      : createTlsServer(
          { ...options, key: readFileSync(tls.key), cert: readFileSync(tls.certificate), minVersion: 'TLSv1.3' },
          listener,
        );
  server.listen(port, '127.0.0.1', 4_096);
}
