import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { SWEEP_MS } from '../../src/proxy/data-plane.ts';
import { TestPlane } from './plane.ts';
import { staticTable } from './static-table.ts';
import { testSettings } from './test-settings.ts';

/** Bytes of resident memory. */
export interface Memory {
  readonly now: number;
  /** The most since it was last asked. */
  readonly peak: number;
}

export interface ProxyProcess {
  readonly port: number;
  memory(): Promise<Memory>;
  /** Resident bytes without what is only waiting to be collected. */
  needed(): Promise<number>;
}

const SAMPLE_MS = 5;

/** A data plane in a process of its own, whose memory can be measured apart from the test's. It ends with the test. */
export async function proxyProcess(t: Test, upstreamPort: number): Promise<ProxyProcess> {
  const child = fork(fileURLToPath(import.meta.url), [String(upstreamPort)], {
    execArgv: ['--expose-gc'],
    env: { PATH: process.env['PATH'] },
  });
  t.teardown(() => child.kill());
  const port = Number((await once(child, 'message'))[0]);
  return {
    port,
    memory: async () => {
      child.send('memory');
      const [now, peak] = (await once(child, 'message'))[0].map(Number);
      return { now, peak };
    },
    needed: async () => {
      child.send('needed');
      return Number((await once(child, 'message'))[0]);
    },
  };
}

async function serve(upstreamPort: number): Promise<void> {
  const under = new TestPlane(testSettings(), performance);
  const { table, endpoints } = staticTable({ only: { ports: [upstreamPort] } });
  under.apply(table, endpoints);
  await under.listen('127.0.0.1');
  setInterval(() => under.plane.sweep(), SWEEP_MS);
  let peak = 0;
  setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, SAMPLE_MS);
  process.on('message', (question) => {
    if (question === 'needed') {
      globalThis.gc?.();
      process.send?.(process.memoryUsage.rss());
      return;
    }
    const now = process.memoryUsage.rss();
    process.send?.([now, Math.max(peak, now)]);
    peak = now;
  });
  process.on('disconnect', () => process.exit());
  process.send?.(under.port);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await serve(Number(process.argv[2]));
