import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClosedLoop } from '../lib/closed-loop.ts';
import { HeadgateProcess } from '../lib/headgate-process.ts';
import { judgeLoop } from '../lib/judge-loop.ts';
import type { Context, Scenario } from '../lib/scenario.ts';
import { until } from '../lib/until.ts';
import { startUpstream, type Upstream } from '../lib/upstream.ts';

/** How long a Pod goes on after it has left the endpoints: its preStop. */
const PRE_STOP_MS = 200;

/** The Pods of a Rollout leave and come under full load, as when a Deployment is rolled; each process ends when its Pod has left. */
export const scenario: Scenario = { name: 'endpoint-drain', seconds: 8, run };

async function run(context: Context): Promise<void> {
  const folder = join(context.folder, 'manifests');
  mkdirSync(folder);
  let generation = 0;
  const start = (): Promise<Upstream> => startUpstream(context, `pod-${++generation}`);
  let pods: readonly Upstream[] = [await start(), await start(), await start()];
  writeFileSync(join(folder, 'rollout.yaml'), ROLLOUT);
  writePods(folder, pods);
  const config = `source: { files: [./manifests] }\nroutes: [{ name: app, rollout: shop/app }]\n`;
  const headgate = await HeadgateProcess.start(context, { config });
  const loop = new ClosedLoop({ targets: [{ host: '127.0.0.1', port: headgate.port }], concurrency: 32 });
  const deadline = performance.now() + context.seconds * 1000;
  const codes: (number | null)[] = [];
  while (performance.now() < deadline) {
    const [leaving, ...staying] = pods;
    if (leaving === undefined) break;
    pods = [...staying, await start()];
    writePods(folder, pods);
    await until(async () => !(await headgate.table()).text.includes(`:${leaving.port}"`), 'a table without the Pod');
    await sleep(PRE_STOP_MS);
    leaving.started.child.kill('SIGTERM');
    await leaving.started.ended;
    codes.push(leaving.started.child.exitCode);
  }
  await loop.stop();
  context.figure('Pods that left and came', String(codes.length));
  judgeLoop(context, loop);
  // A server whose connections nobody closes does not end.
  context.check(
    'each Pod could end in order',
    codes.every((code) => code === 0),
    codes.join(', '),
  );
  const failures = await headgate.metric('headgate_upstream_failures_total');
  context.check('no exchange with a Pod failed', failures === 0, `${failures}`);
  context.check('nothing unexpected was logged', headgate.bugs.length === 0, headgate.bugs.slice(0, 3).join('\n'));
}

const ROLLOUT = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: app, namespace: shop, generation: 1 }
spec:
  replicas: 3
  selector: { matchLabels: { app: app } }
  template: { metadata: { labels: { app: app } } }
  strategy: { canary: { trafficRouting: {}, steps: [{ setWeight: 10 }] } }
status: { observedGeneration: "1", currentPodHash: aaaa, stableRS: aaaa, phase: Healthy, replicas: 3, availableReplicas: 3 }
`;

/** Swapped in, as a mounted ConfigMap is. */
function writePods(folder: string, pods: readonly Upstream[]): void {
  const text = pods.map(
    ({ name, port }) => `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  namespace: shop
  labels: { app: app, rollouts-pod-template-hash: aaaa }
  ownerReferences: [{ apiVersion: apps/v1, kind: ReplicaSet, name: app-aaaa, uid: rs-aaaa, controller: true }]
spec: { containers: [{ name: app, ports: [{ name: http, containerPort: ${port}, protocol: TCP }] }] }
status: { phase: Running, podIP: 127.0.0.1, conditions: [{ type: Ready, status: "True" }] }
`,
  );
  writeFileSync(join(folder, '.pods'), text.join('---\n'));
  renameSync(join(folder, '.pods'), join(folder, 'pods.yaml'));
}
