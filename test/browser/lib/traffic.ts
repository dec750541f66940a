import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import type { Stage } from './scenario.ts';

const PAUSE_MS = 20;

/** Asks a proxy, a request at a time, until the scenario is over. What fails is asked again: Headgate may be away. */
export function sendTraffic(stage: Stage, port: () => number, headers: Record<string, string> = {}): void {
  const over = new AbortController();
  const sending = (async () => {
    while (!over.signal.aborted) {
      await request(`http://127.0.0.1:${port()}/`, { headers })
        .then(({ body }) => body.dump())
        .catch(() => undefined);
      await sleep(PAUSE_MS);
    }
  })();
  stage.atEnd(() => {
    over.abort();
    return sending;
  });
}
