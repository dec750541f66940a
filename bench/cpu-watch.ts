import { readFileSync } from 'node:fs';
import { type CpuTime, cpuTime, TICKS_PER_SECOND } from './cpu-time.ts';

/** What happened on a core in a stretch of time. */
export interface Watched {
  /** Of the watched process. */
  readonly cpu: CpuTime;
  /** Percent of the core's time that other processes, or other machines on the same host, took. */
  readonly others: number;
}

/** Watches one process, or none, and the core that it is pinned to, from now on. */
export class CpuWatch {
  readonly #pid: number | null;
  readonly #core: number;
  readonly #cpuBefore: CpuTime;
  readonly #coreBefore: CoreTime;

  constructor(pid: number | null, core: number) {
    this.#pid = pid;
    this.#core = core;
    this.#cpuBefore = cpuOf(pid);
    this.#coreBefore = coreTime(core);
  }

  read(): Watched {
    const now = cpuOf(this.#pid);
    const cpu = { user: now.user - this.#cpuBefore.user, system: now.system - this.#cpuBefore.system };
    const core = coreTime(this.#core);
    const taken = core.taken - this.#coreBefore.taken - cpu.user - cpu.system;
    // The two files are not read in the same tick.
    return { cpu, others: Math.max(0, (100 * taken) / (core.all - this.#coreBefore.all)) };
  }
}

function cpuOf(pid: number | null): CpuTime {
  return pid === null ? { user: 0, system: 0 } : cpuTime(pid);
}

/** Seconds since the machine began: all of them, and those that processes and the host took. */
interface CoreTime {
  readonly all: number;
  readonly taken: number;
}

/** proc(5), stat: user, nice, system, idle, iowait, irq, softirq, steal. Interrupts are nobody's. */
function coreTime(core: number): CoreTime {
  const line = new RegExp(`^cpu${core} (.*)$`, 'm').exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? '';
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = line
    .split(' ')
    .map((ticks) => Number(ticks) / TICKS_PER_SECOND);
  const taken = user + nice + system + steal;
  return { all: taken + idle + iowait + irq + softirq, taken };
}
