import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface DaemonOptions {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Where its log lies, `NAME.log`. */
  readonly folder: string;
  /** Told once for each start, when it has ended on its own. */
  readonly onExit?: (how: string) => void;
}

/** A program that is to run until it is stopped. What it prints is appended to its log. */
export class Daemon {
  readonly log: string;
  readonly #options: DaemonOptions;
  #child: ChildProcess | null = null;
  #ended: Promise<void> = Promise.resolve();
  #expected = false;

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.log = join(options.folder, `${options.name}.log`);
  }

  get running(): boolean {
    return this.#child !== null;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    if (this.#child !== null) throw new Error(`${this.#options.name} runs already`);
    const { file, args, env, cwd, onExit } = this.#options;
    const log = openSync(this.log, 'a');
    const child = spawn(file, args, {
      stdio: ['ignore', log, log],
      env: env === undefined ? process.env : { ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    closeSync(log);
    this.#child = child;
    this.#expected = false;
    this.#ended = new Promise((resolve) => {
      const end = (how: string) => {
        if (this.#child !== child) return;
        this.#child = null;
        resolve();
        if (!this.#expected) onExit?.(how);
      };
      child.once('exit', (code, signal) => end(signal ?? `exit ${code}`));
      child.once('error', (error) => end(error.message));
    });
  }

  /** Asks it to end with this signal and resolves once it has; after `graceMs` it is killed. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', graceMs = 10_000): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#expected = true;
    child.kill(signal);
    const kill = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await this.#ended;
    clearTimeout(kill);
  }

  /** Kills it as a crash would, so that `onExit` is told. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** The last lines of its log. */
  tail(lines = 20): string {
    try {
      return readFileSync(this.log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
    } catch {
      return '';
    }
  }
}
