import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { AccessLog } from '../../src/telemetry/access-log.ts';

/** Run by access-log.test.ts: node access-log-threads.ts THREADS LINES. Each thread writes that many lines to fd 1. */
async function writeLines(thread: number, lines: number): Promise<void> {
  const log = new AccessLog();
  for (let i = 0; i < lines; i++) {
    log.write({
      client: '192.0.2.7',
      method: 'GET',
      host: 'api.example.com',
      path: `/${thread}/${i}/${'ä'.repeat((i * 37) % 900)}`,
      status: 200,
      duration_ms: i,
      bytes_in: thread,
      bytes_out: i,
      route: 'talana',
      version: '7f9b',
      role: 'canary',
      rule: 'weight',
      fallback: '',
      upstream: '10.0.0.1:8080',
      reason: '',
    });
    // A pause now and then, so that lines are written while others are made.
    if (i % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await log.flush();
}

if (isMainThread) {
  const [, , threads, lines] = process.argv;
  for (let thread = 0; thread < Number(threads); thread++) {
    new Worker(new URL(import.meta.url), { workerData: { thread, lines: Number(lines) } }).once('error', (error) => {
      throw error;
    });
  }
} else {
  const { thread, lines } = workerData;
  await writeLines(thread, lines);
}
