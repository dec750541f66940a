import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../load/clock.ts';
import type { Api } from './api.ts';

/** Resolves when no Pod has these labels any more. @throws Error naming those that are left after `timeoutMs` */
export async function podsGone(api: Api, labelSelector: string, timeoutMs = 60_000): Promise<void> {
  const deadline = now() + timeoutMs;
  for (;;) {
    const pods = await api.list('Pod', labelSelector);
    if (pods.length === 0) return;
    const names = pods.map(({ metadata }) => metadata.name).join(', ');
    if (now() > deadline) throw new Error(`still there after ${timeoutMs / 1000} s: ${names}`);
    await sleep(100);
  }
}
