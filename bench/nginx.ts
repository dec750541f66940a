import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Child, Children } from './children.ts';

/**
 * Starts nginx.
 * @param http what stands in its block `http`.
 */
export function startNginx(
  children: Children,
  name: string,
  cores: number | readonly number[],
  http: string,
  workers = 1,
): Child {
  const folder = children.newFolder(name);
  const config = join(folder, 'nginx.conf');
  // Started by root, the worker would become another user, who may not enter the folder.
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (of) => `  ${of}_temp_path ${folder}/${of};`,
  );
  writeFileSync(
    config,
    `${user}daemon off;
worker_processes ${workers};
pid ${folder}/nginx.pid;
error_log stderr;
events { worker_connections 8192; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
${temporary.join('\n')}
${http}
}
`,
  );
  return children.start(name, cores, 'nginx', ['-p', folder, '-e', 'stderr', '-c', config]);
}

/** Process ids of nginx's workers: the children of the master. */
export function nginxWorkers(master: number): readonly number[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      return readFileSync(`/proc/${entry}/status`, 'utf8').includes(`\nPPid:\t${master}\n`) ? [Number(entry)] : [];
    } catch {
      // It has ended since the folder was read.
      return [];
    }
  });
}

/** Process id of nginx's only worker. */
export function nginxWorker(master: number): number {
  const [worker] = nginxWorkers(master);
  if (worker === undefined) throw new Error(`nginx (${master}) has no worker process`);
  return worker;
}
