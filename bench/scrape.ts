/**
 * What a scrape costs the main thread: `npm run bench:scrape -- [--rollouts 1000] [--workers 4] [--rounds 10]`. Every version of every
 * Rollout has had requests in every worker. CPU time of the process, so that what else the machine does has little say; the
 * longest hold is CPU time of the thread between two turns of its event loop.
 */

import { parseArgs } from 'node:util';
import type { Route, Version } from '../src/routing/table.ts';
import { SeriesRegistry, WorkerCounters } from '../src/telemetry/counters.ts';
import { Exposition, type ExpositionFormat } from '../src/telemetry/exposition.ts';
import { keysOf } from '../src/telemetry/keys.ts';
import { recordAnswer, recordOutcome } from '../src/telemetry/record.ts';
import { processState } from '../test/lib/process-state.ts';
import { median } from './spread.ts';

const REQUESTS_PER_BLOCK = 50;

interface Round {
  readonly cpuMs: number;
  readonly longestHoldMs: number;
  readonly bytes: number;
}

const { values: options } = parseArgs({
  options: {
    rollouts: { type: 'string', default: '1000' },
    workers: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '10' },
  },
});
const [rollouts, workers, rounds] = [options.rollouts, options.workers, options.rounds].map(Number);
const exposition = filled(rollouts ?? 0, workers ?? 0);
console.log(`${rollouts} Rollouts of two versions, ${workers} workers, median of ${rounds} rounds\n`);
console.log('| format | CPU ms | longest hold ms | MB |\n| --- | ---: | ---: | ---: |');
for (const format of ['text', 'protobuf'] as const) {
  // Two that are not counted: code is compiled, labels are written out.
  for (let warm = 0; warm < 2; warm += 1) await scrape(format);
  const measured: Round[] = [];
  for (let round = 0; round < (rounds ?? 0); round += 1) measured.push(await scrape(format));
  const [cpu, hold] = [median(measured.map((one) => one.cpuMs)), median(measured.map((one) => one.longestHoldMs))];
  console.log(
    `| ${format} | ${cpu.toFixed(0)} | ${hold.toFixed(1)} | ${((measured[0]?.bytes ?? 0) / 1e6).toFixed(1)} |`,
  );
}

async function scrape(format: ExpositionFormat): Promise<Round> {
  let longestHoldMs = 0;
  let last = threadMs();
  let ended = false;
  const turn = (): void => {
    const now = threadMs();
    longestHoldMs = Math.max(longestHoldMs, now - last);
    last = now;
    if (!ended) setImmediate(turn);
  };
  setImmediate(turn);
  const cpu = process.cpuUsage();
  const { body } = await exposition.scrape(format);
  const { user, system } = process.cpuUsage(cpu);
  ended = true;
  // The last turn is that of the scrape's end.
  await new Promise((resolve) => setImmediate(resolve));
  return { cpuMs: (user + system) / 1000, longestHoldMs, bytes: body.reduce((sum, piece) => sum + piece.length, 0) };
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function filled(rollouts: number, workers: number): Exposition {
  const table = { routes: Array.from({ length: rollouts }, (_, index) => routeOf(`rollout-${index}`)) };
  const registry = new SeriesRegistry({ workers, now: () => 0 });
  const counters = registry.update(table).map((patch) => new WorkerCounters(patch));
  for (const [key] of table.routes.flatMap((route) => keysOf(route).series)) {
    for (const block of counters.map((worker) => worker.series(key))) {
      for (let request = 0; request < REQUESTS_PER_BLOCK; request += 1) {
        const status = request % 17 === 0 ? 503 : 200;
        recordOutcome(block, status, 10 * Math.exp((3 * request) / REQUESTS_PER_BLOCK));
        recordAnswer(block, status);
      }
    }
  }
  const state = () => processState({ table });
  return new Exposition({ registry, state, prefix: 'headgate_', httpAlias: false, version: '0.0.0' });
}

function routeOf(name: string): Route {
  const version = (hash: string, role: Version['role'], fallback: number): Version => {
    const key = `shop/${name}/${hash}`;
    return { key, role, name: hash, namespace: 'shop', rollout: name, experiment: '', fallback: [fallback] };
  };
  return {
    name,
    hosts: [],
    path: '/',
    versions: [version('5d8c7f9b66', 'stable', 1), version('7f9b66aa5d', 'canary', 0)],
    rules: [],
    experiments: null,
    split: [
      { version: 0, weight: 90 },
      { version: 1, weight: 10 },
    ],
  };
}
