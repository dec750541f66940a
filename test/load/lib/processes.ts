import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A process that was started, with a channel for messages. */
export interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Lines of its standard output and standard error so far. */
  readonly lines: readonly string[];
  readonly exited: boolean;
  /** Resolves when it is no more. */
  readonly ended: Promise<void>;
}

/** The processes of one scenario. `close` ends those that still run; so does the end of this process. */
export class Processes {
  /** All that were started, those that have ended too. */
  readonly started: Started[] = [];
  readonly #running = new Set<ChildProcess>();
  readonly #killAll = (): void => {
    for (const child of this.#running) child.kill('SIGKILL');
  };

  constructor() {
    process.once('exit', this.#killAll);
  }

  start(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...env },
    });
    const lines: string[] = [];
    this.#running.add(child);
    for (const stream of [child.stdout, child.stderr]) collect(stream, lines);
    child.on('error', (error) => lines.push(String(error)));
    const ended = new Promise<void>((resolve) => {
      const end = (): void => {
        this.#running.delete(child);
        resolve();
      };
      child.once('exit', end);
      child.once('error', end);
    });
    const started: Started = {
      child,
      pid: child.pid ?? 0,
      lines,
      ended,
      get exited() {
        return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
      },
    };
    this.started.push(started);
    return started;
  }

  async close(): Promise<void> {
    const left = [...this.#running];
    this.#killAll();
    await Promise.all(left.map((child) => once(child, 'exit')));
    process.removeListener('exit', this.#killAll);
  }
}

function collect(stream: NodeJS.ReadableStream | null, lines: string[]): void {
  let rest = '';
  stream?.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  stream?.on('end', () => {
    if (rest !== '') lines.push(rest);
  });
}
