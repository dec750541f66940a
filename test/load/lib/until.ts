import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when it holds. @throws after `ms`, naming what was waited for. */
export async function until(holds: () => Promise<boolean> | boolean, what: string, ms = 30_000): Promise<void> {
  if (!(await within(ms, holds))) throw new Error(`waited in vain for ${what}`);
}

/** Whether it comes to hold within `ms`. */
export async function within(ms: number, holds: () => Promise<boolean> | boolean): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}
