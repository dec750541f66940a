// What a thousand Rollouts and ten thousand Pods cost Headgate, on a real API server. See README.md.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Api } from '../../test/cluster/lib/api.ts';
import { binaries } from '../../test/cluster/lib/binaries.ts';
import { ControlPlane } from '../../test/cluster/lib/control-plane.ts';
import { isInside, runInside, settleInside } from '../../test/cluster/lib/namespace.ts';
import { startLoad } from '../../test/cluster/load/load.ts';
import { Churn, UNWATCHED } from './churn.ts';
import { fill } from './fill.ts';
import { Gateway } from './gateway.ts';
import { namespaceOf, pod, rolloutWithService, type Shape } from './objects.ts';
import { Probe } from './probe.ts';
import { quantile } from './quantile.ts';
import { type Figures, report } from './report.ts';

const EVENTS_A_SECOND = 50;
const PROGRAMS = 'HEADGATE_SCALE_PROGRAMS';

const { values } = parseArgs({
  options: {
    rollouts: { type: 'string', default: '1000' },
    pods: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '6' },
    write: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  if (!isInside) {
    const programs = await binaries(console.log);
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: join(import.meta.dirname, '../..'), stdio: 'inherit' });
    process.exitCode = await runInside({ [PROGRAMS]: programs });
    return;
  }
  await settleInside();
  const folder = mkdtempSync(join(tmpdir(), 'headgate-scale-'));
  try {
    const figures = await measure(folder, process.env[PROGRAMS] ?? '');
    const text = report(figures);
    console.log(text);
    if (values.write) writeFileSync(join(import.meta.dirname, 'RESULTS.md'), text);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.exit();
}

async function measure(folder: string, programs: string): Promise<Figures> {
  const shape: Shape = { rollouts: Number(values.rollouts), podsOfEach: Number(values.pods), namespaces: 10 };
  const plane = await ControlPlane.start({ programs, folder, controllers: false, onTrouble: console.error });
  const crds = join(programs, 'crds');
  for (const name of readdirSync(crds)) await plane.installCrds(readFileSync(join(crds, name), 'utf8'));
  const { api } = plane;
  await makeObjects(api, shape);
  const probe = await Probe.start(api, shape);

  console.log('starting Headgate');
  const gateway = await Gateway.start(folder, plane.address);
  await sleep(2_000);
  const rssAfterSync = gateway.rss();
  const tableDelays = await probe.tableDelays(40);
  const endpointDelays = await probe.endpointDelays(40);
  const rounds = [];
  const churn = new Churn(api, shape);
  for (let round = 0; round < Number(values.rounds); round += 1) {
    rounds.push({ quiet: await underChurn(false), watched: await underChurn(true) });
  }
  const rssAtEnd = gateway.rss();
  await gateway.stop();
  await probe.close();
  await plane.stop();
  return { shape, syncMs: gateway.syncMs, rssAfterSync, rssAtEnd, tableDelays, endpointDelays, rounds };

  async function underChurn(watched: boolean): Promise<Figures['rounds'][number]['quiet']> {
    const load = startLoad({
      targets: [{ host: '127.0.0.1', port: gateway.port }],
      connections: 8,
      streams: [{ name: 'plain', rate: 300, host: probe.host }],
    });
    const before = gateway.mainThreadCpu();
    const began = performance.now();
    const events = await churn.run(EVENTS_A_SECOND, Number(values.seconds), watched);
    const cpu = (gateway.mainThreadCpu() - before) / (performance.now() - began);
    await load.stop();
    const failed = load.records.filter(({ status }) => status !== 200).length;
    const latencies = load.records.map(({ scheduledAt, endedAt }) => endedAt - scheduledAt);
    return {
      events,
      cpu,
      requests: latencies.length,
      failed,
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
    };
  }
}

async function makeObjects(api: Api, shape: Shape): Promise<void> {
  const began = performance.now();
  for (let i = 0; i < shape.namespaces; i += 1) {
    const namespace = namespaceOf(i, shape);
    await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    // There is no controller that would make it, and without it no Pod is accepted.
    await api.in(namespace).apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } });
  }
  const rollouts = Array.from({ length: shape.rollouts }, (_, i) => i);
  await fill(
    api,
    rollouts.flatMap((i) => rolloutWithService(i, shape)),
  );
  const pods = rollouts.flatMap((i) =>
    Array.from({ length: shape.podsOfEach }, (_, n) => pod(i, n, shape, `10.${128 + (i >> 8)}.${i & 255}.${n + 1}`)),
  );
  const unwatched = Array.from({ length: UNWATCHED }, (_, n) => pod(0, n, shape, '10.247.0.1', false));
  await fill(api, [...pods, ...unwatched]);
  console.log(
    `${rollouts.length} Rollouts and ${pods.length} Pods made in ${Math.round((performance.now() - began) / 1000)} s`,
  );
}

await main();
