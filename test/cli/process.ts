import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { Gateway } from '../control/gateway.ts';
import { ROOT } from './run.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A wait that takes longer has failed. */
const PATIENCE_MS = 20_000;
const PROGRAM = 'bin/headgate';

/** The program as a process that runs until it is told to end. */
export class HeadgateProcess {
  /** Complete lines of standard output. */
  readonly lines: string[] = [];
  stderr = '';
  /** Resolves when the process has ended and its output is complete. */
  readonly exit: Promise<Exit>;
  /** Null while it runs. */
  exited: Exit | null = null;
  readonly child: ChildProcess;
  readonly #waiting = new Set<() => void>();

  constructor(args: readonly string[], program = PROGRAM) {
    const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env;
    const env = { PATH, NODE_COMPILE_CACHE, NO_COLOR: '1' };
    const child = spawn(process.execPath, [program, ...args], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.lines.push(line);
      this.#wake();
    });
    child.stderr.on('data', (chunk) => {
      this.stderr += String(chunk);
    });
    this.exit = new Promise((resolve) => {
      child.on('close', (code, signal) => {
        this.exited = { code, signal };
        resolve(this.exited);
        this.#wake();
      });
    });
  }

  /** The first line that has `part`, when it comes. Rejects when the process ends without it. */
  line(part: string | RegExp): Promise<string> {
    return this.nthLine(part, 1);
  }

  async nthLine(part: string | RegExp, nth: number): Promise<string> {
    const deadline = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE_MS);
    try {
      for (;;) {
        const found = this.having(part)[nth - 1];
        if (found !== undefined) return found;
        if (this.exited !== null) throw new Error(`no line with ${String(part)} but:\n${this.#output()}`);
        await new Promise<void>((resolve) => this.#waiting.add(resolve));
      }
    } finally {
      clearTimeout(deadline);
    }
  }

  /** The lines so far that have it. */
  having(part: string | RegExp): string[] {
    return this.lines.filter((line) => (typeof part === 'string' ? line.includes(part) : part.test(line)));
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  #output(): string {
    return `${this.lines.join('\n')}\n${this.stderr}`;
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

/** It is killed with the test, if it has not ended before. */
export function startHeadgate(t: Test, ...args: string[]): HeadgateProcess {
  return endedWith(t, new HeadgateProcess(args));
}

function endedWith(t: Test, started: HeadgateProcess): HeadgateProcess {
  t.teardown(async () => {
    started.kill('SIGKILL');
    await started.exit;
  });
  return started;
}

/** `headgate serve`, ready, at whatever ports it has found. */
export async function startServe(
  t: Test,
  file: string,
  program = PROGRAM,
): Promise<{ served: HeadgateProcess; gateway: Gateway }> {
  const served = endedWith(t, new HeadgateProcess(['serve', '--config', file], program));
  const { ports, admin }: { ports: number[]; admin: number } = JSON.parse(await served.line('"msg":"serving"'));
  const gateway = new Gateway(ports[0] ?? 0, admin);
  await gateway.ready();
  return { served, gateway };
}
