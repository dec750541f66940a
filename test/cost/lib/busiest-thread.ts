import { readdirSync, readFileSync } from 'node:fs';

/** The thread of a process that has spent the most CPU time so far: after a load, the worker's. */
export function busiestThread(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`).map((id) => {
    // The first number is the time on a CPU in nanoseconds: proc(5), schedstat.
    const [spent = '0'] = readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ');
    return { id: Number(id), spent: Number(spent) };
  });
  const [first] = threads.sort((a, b) => b.spent - a.spent);
  if (first === undefined) throw new Error(`process ${pid} has no threads`);
  return first.id;
}
