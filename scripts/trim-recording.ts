/**
 * Makes a test fixture of recorded watch events: `node scripts/trim-recording.ts INPUT OUTPUT`. Both files hold one JSON
 * object a line, `{ms, type, object}`. Kept are Rollouts, Experiments, Services and Pods, with the fields that routing
 * reads and a few beside them, so that the parsers meet more than they use.
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** Which fields are kept: `true` keeps a whole value; a list's shape is that of each item. */
type Shape = true | { readonly [field: string]: Shape };

const METADATA: Shape = {
  name: true,
  namespace: true,
  uid: true,
  generation: true,
  creationTimestamp: true,
  deletionTimestamp: true,
  labels: true,
  annotations: { 'headgate.dev/token': true, 'rollout.argoproj.io/revision': true },
  ownerReferences: true,
};
const POD_SPEC: Shape = { containers: { name: true, image: true, ports: true } };
const TEMPLATE: Shape = { metadata: { labels: true }, spec: POD_SPEC };

const KEPT: Readonly<Record<string, Shape>> = {
  Rollout: {
    apiVersion: true,
    kind: true,
    metadata: METADATA,
    spec: { replicas: true, selector: true, strategy: true, template: TEMPLATE, workloadRef: true },
    status: {
      abort: true,
      blueGreen: true,
      canary: true,
      currentPodHash: true,
      currentStepIndex: true,
      observedGeneration: true,
      phase: true,
      promoteFull: true,
      stableRS: true,
      updatedReplicas: true,
    },
  },
  Experiment: {
    apiVersion: true,
    kind: true,
    metadata: METADATA,
    spec: { templates: { name: true, replicas: true, service: true, selector: true } },
    status: { phase: true, templateStatuses: true },
  },
  Service: {
    apiVersion: true,
    kind: true,
    metadata: METADATA,
    spec: { selector: true, ports: true, type: true },
  },
  Pod: {
    apiVersion: true,
    kind: true,
    metadata: METADATA,
    spec: POD_SPEC,
    status: { phase: true, podIP: true, conditions: { type: true, status: true } },
  },
};

const [input, output] = process.argv.slice(2);
if (input === undefined || output === undefined) {
  console.error('usage: node scripts/trim-recording.ts INPUT OUTPUT');
  process.exit(2);
}
const lines: string[] = [];
for (const line of readFileSync(input, 'utf8').split('\n')) {
  if (line === '') continue;
  const event: unknown = JSON.parse(line);
  const object = field(event, 'object');
  const shape = KEPT[String(field(object, 'kind'))];
  if (shape === undefined) continue;
  lines.push(JSON.stringify({ ms: field(event, 'ms'), type: field(event, 'type'), object: keep(object, shape) }));
}
writeFileSync(output, `${lines.join('\n')}\n`);

function keep(value: unknown, shape: Shape): unknown {
  if (shape === true || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => keep(item, shape));
  const kept = Object.entries(shape).filter(([name]) => Object.hasOwn(value, name));
  return Object.fromEntries(kept.map(([name, inner]) => [name, keep(field(value, name), inner)]));
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
