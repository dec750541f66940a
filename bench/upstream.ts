import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Children } from './children.ts';
import { LOAD_CORE } from './cores.ts';
import { startNginx } from './nginx.ts';
import { listening } from './peers/ready.ts';
import type { BenchVersion } from './routing.ts';
import { ANSWER_BYTES, answerPath, bodyOf, SMALL } from './workload.ts';

/** Path of a request that is answered with what arrived, for the proof before the timing. */
export const PROOF_PATH = '/proof';

/**
 * Starts the upstream of every version, one nginx: the small answer from memory, the others as files.
 * @param observerPort where requests to PROOF_PATH go, to be looked at; the fields that nginx adds are `proof-*`.
 */
export async function startUpstream(
  children: Children,
  versions: readonly BenchVersion[],
  observerPort: number,
): Promise<void> {
  const files = join(children.newFolder('answers'), 'files');
  mkdirSync(files);
  for (const bytes of ANSWER_BYTES) writeFileSync(join(files, answerPath(bytes)), bodyOf(bytes));
  const child = startNginx(children, 'upstream', LOAD_CORE, upstreamConfig(versions, observerPort, files));
  for (const port of versions.flatMap(({ ports }) => ports)) await listening(children, child, port);
}

function upstreamConfig(versions: readonly BenchVersion[], observerPort: number, files: string): string {
  const listens = versions.flatMap(({ ports }) => ports.map((port) => `    listen 127.0.0.1:${port};`));
  return `  sendfile on;
  tcp_nopush on;
  open_file_cache max=10;
  upstream observer {
    server 127.0.0.1:${observerPort};
    keepalive 64;
  }
  server {
${listens.join('\n')}
    default_type text/plain;
    root ${files};
    location = ${answerPath(SMALL)} { return 200 ${JSON.stringify(bodyOf(SMALL))}; }
    location = ${PROOF_PATH} {
      add_header proof-port $server_port;
      add_header proof-forwarded-for $http_x_forwarded_for;
      add_header proof-connection-requests $connection_requests;
      proxy_pass http://observer;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }
  }`;
}
