import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const STOP_MS = 3_000;

/** A process that was started, pinned to its cores. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** When, by performance.now(). */
  readonly spawnedAt: number;
  /** Everything that it has printed. */
  output(): string;
  /** Null while it runs, then how it ended. */
  ended(): string | null;
}

/** The processes of one run and its folder; `close` ends and removes all of them. */
export class Children {
  readonly folder = mkdtempSync(join(tmpdir(), 'headgate-bench-'));
  readonly #running = new Set<ChildProcess>();
  #closing = false;

  constructor() {
    // Whatever ends this process, nothing that it started stays.
    process.once('exit', () => {
      this.#signal('SIGKILL');
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  /** A new folder for the files of one process; it is removed with everything else. */
  newFolder(name: string): string {
    return mkdtempSync(join(this.folder, `${name}-`));
  }

  /** Starts a program in a process group of its own, so that its children (nginx workers) end with it. */
  start(name: string, cores: number | readonly number[], command: string, args: readonly string[]): Child {
    if (this.#closing) throw new Error('the benchmark is ending');
    // Only Linux has taskset; elsewhere nothing is pinned.
    const pinned = process.platform === 'linux' ? ['taskset', '-c', String(cores)] : [];
    const [program = command, ...words] = [...pinned, command, ...args];
    const spawnedAt = performance.now();
    const child = spawn(program, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    let ended: string | null = null;
    const end = (how: string) => {
      ended ??= how;
      this.#running.delete(child);
    };
    this.#running.add(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
    return { name, pid: child.pid ?? 0, spawnedAt, output: () => output, ended: () => ended };
  }

  /** Runs a program to its end. @returns what it printed. @throws when it fails. */
  async finish(
    name: string,
    core: number | readonly number[],
    command: string,
    args: readonly string[],
  ): Promise<string> {
    const child = this.start(name, core, command, args);
    while (child.ended() === null) await sleep(20);
    // The last output may come a moment after the exit.
    await sleep(20);
    if (child.ended() !== 'exit code 0') throw failure(child);
    return child.output();
  }

  /** Waits until `ready` says yes. @throws when the process ends before, or after 10 seconds. */
  async ready(child: Child, ready: () => Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(50)) {
      if (child.ended() !== null) throw failure(child);
      if (await ready().catch(() => false)) return;
    }
    throw new Error(`${child.name} is not ready after 10 s: ${child.output().trim()}`);
  }

  /** Ends one process and those that it started. */
  async end(child: Child): Promise<void> {
    signalGroup(child.pid, 'SIGTERM');
    for (const deadline = Date.now() + STOP_MS; child.ended() === null && Date.now() < deadline; ) await sleep(20);
    if (child.ended() === null) signalGroup(child.pid, 'SIGKILL');
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#signal('SIGTERM');
    for (const deadline = Date.now() + STOP_MS; this.#running.size > 0 && Date.now() < deadline; ) await sleep(20);
    this.#signal('SIGKILL');
  }

  #signal(signal: NodeJS.Signals): void {
    for (const { pid } of this.#running) signalGroup(pid ?? 0, signal);
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  // 0 is what could not be started; it would mean this process's own group.
  if (pid === 0) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself in this moment.
  }
}

/** How a process ended, with what it printed. */
export function failure(child: Child): Error {
  return new Error(`${child.name} ended with ${child.ended()}: ${child.output().trim()}`);
}

/** Ports of 127.0.0.1 that nobody listens on, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address !== null && typeof address === 'object') ports.push(address.port);
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
}
