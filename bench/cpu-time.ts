import { readFileSync } from 'node:fs';

/** CPU time of a process with all its threads, in seconds. */
export interface CpuTime {
  readonly user: number;
  readonly system: number;
}

/** USER_HZ, the unit of proc(5): 100 on every architecture that Node.js has builds for. */
export const TICKS_PER_SECOND = 100;

/** Since the process began: proc(5), fields 14 and 15 of stat. */
export function cpuTime(pid: number): CpuTime {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Field 2 is the program's name in parentheses and may hold anything; field 3 follows the last of them.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { user: Number(fields[14 - 3]) / TICKS_PER_SECOND, system: Number(fields[15 - 3]) / TICKS_PER_SECOND };
}
