const RUNS = 7;

/**
 * CPU time of `work` in microseconds, of all threads of this process: the least of several runs. Compilation, a collection and a
 * busy machine make single runs twenty times as long, and none shorter.
 */
export function leastCpu(work: () => void): number {
  const runs = Array.from({ length: RUNS }, () => {
    const began = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(began);
    return user + system;
  });
  return Math.min(...runs);
}
