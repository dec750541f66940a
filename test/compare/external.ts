import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Lane, Subject } from './observe.ts';
import { Recorder } from './recorder.ts';

interface Program {
  readonly name: string;
  readonly command: string;
  readonly versionArguments: readonly string[];
  readonly version: RegExp;
  /** Debian's package. */
  readonly debian: string;
  arguments(configuration: string, directory: string): readonly string[];
  configuration(ports: readonly (readonly [listen: number, upstream: number])[], directory: string): string;
}

/** The values are such as a gateway with kept-alive connections has; what is not named is the program's default. */
export const NGINX: Program = {
  name: 'nginx',
  command: 'nginx',
  versionArguments: ['-v'],
  version: /nginx\/(\S+)/,
  debian: 'nginx-light',
  arguments: (configuration, directory) => ['-p', directory, '-e', 'stderr', '-c', configuration],
  configuration: (ports, directory) => `
daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log stderr crit;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  proxy_http_version 1.1;
  proxy_request_buffering off;
  proxy_ignore_client_abort on;
  proxy_next_upstream off;
  lingering_timeout 50ms;
  proxy_set_header Host $http_host;
  proxy_set_header Connection "";
${ports.map(([listen, upstream]) => `  server { listen 127.0.0.1:${listen}; location / { proxy_pass http://127.0.0.1:${upstream}; } }`).join('\n')}
}
`,
};

export const HAPROXY: Program = {
  name: 'HAProxy',
  command: 'haproxy',
  versionArguments: ['-v'],
  version: /HAProxy version (\S+)/,
  debian: 'haproxy',
  arguments: (configuration) => ['-db', '-f', configuration],
  configuration: (ports) => `
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
  retries 0
${ports
  .map(
    ([listen, upstream]) => `listen lane${listen}
  bind 127.0.0.1:${listen}
  server upstream 127.0.0.1:${upstream}`,
  )
  .join('\n')}
`,
};

const READY_MS = 10_000;
/** These may drop what a client that has half-closed still has to get. */
const QUIET_MS = 150;

/** Starts the program with one listening port and one upstream for each lane. Throws, saying what to install, where it is missing. */
export async function startExternal(program: Program, count: number): Promise<Subject> {
  const version = await versionOf(program);
  const recorders = Array.from({ length: count }, () => new Recorder());
  const upstreams = await Promise.all(recorders.map((recorder) => recorder.listen()));
  const listens = await freePorts(count);
  const directory = await mkdtemp(join(tmpdir(), 'headgate-compare-'));
  const configuration = join(directory, 'proxy.conf');
  const ports = listens.map((listen, index): [number, number] => [listen, upstreams[index] ?? 0]);
  await writeFile(configuration, program.configuration(ports, directory));
  const child = spawn(program.command, program.arguments(configuration, directory), {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const gone = once(child, 'exit');
  const lanes = listens.map((port, index): Lane => ({ port, recorder: recorders[index] ?? new Recorder() }));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await gone;
    for (const recorder of recorders) recorder.close();
    await rm(directory, { recursive: true });
  };
  const deadline = performance.now() + READY_MS;
  while (!(await answers(listens[count - 1] ?? 0))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop();
      throw new Error(`${program.command} did not start: ${complaints}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { name: program.name, version, lanes, quiet: QUIET_MS, stop };
}

async function versionOf({ name, command, versionArguments, version, debian }: Program): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, versionArguments);
    return version.exec(stdout + stderr)?.[1] ?? 'unknown';
  } catch (error) {
    throw new Error(`${name} cannot be run; install it, for example: apt-get install ${debian}`, { cause: error });
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  const ports: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    ports.push(address.port);
    servers.push(server);
  }
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
