import { isIP } from 'node:net';
import { z } from 'zod';
import { type ContainerPort, containerPorts, list, metadata, ownerOf, refuse, text } from './fields.ts';
import { type Parsed, parseObject } from './parsed.ts';

/** A Pod, as far as it is an endpoint of a version. */
export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The label `rollouts-pod-template-hash`; '' when it has none. */
  readonly hash: string;
  /** Name of the ReplicaSet that owns it; '' when none does. */
  readonly replicaSet: string;
  /** The TCP ports that its containers declare. */
  readonly ports: readonly ContainerPort[];
  /** '' until it has one. */
  readonly ip: string;
  /** Condition Ready, in phase Running, with an address and no deletionTimestamp: it can take a request. */
  readonly usable: boolean;
}

/** The label by which the controller marks the Pods of one version. */
const HASH_LABEL = 'rollouts-pod-template-hash';

/** '' until the Pod has one. A Pod is asked by its address; a name would be looked up wherever Headgate runs. */
const address = text.superRefine((value, context) => {
  if (value === '' || isIP(value) !== 0) return;
  refuse(
    context,
    `must be an IP address, not ${JSON.stringify(value)}`,
    'write the address of the Pod, such as 10.244.1.7',
  );
});

const schema = z
  .object({
    metadata,
    spec: z.object({ containers: containerPorts }).nullish(),
    status: z
      .object({ phase: text, podIP: address, conditions: list(z.object({ type: text, status: text })) })
      .nullish()
      .transform((status) => status ?? { phase: '', podIP: '', conditions: [] }),
  })
  .transform(({ metadata, spec, status }): Pod => {
    const labels = metadata.labels ?? {};
    const ready = status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
    return {
      namespace: metadata.namespace,
      name: metadata.name,
      labels,
      hash: labels[HASH_LABEL] ?? '',
      replicaSet: ownerOf(metadata.ownerReferences, 'ReplicaSet')?.name ?? '',
      ports: spec?.containers ?? [],
      ip: status.podIP,
      usable: ready && status.phase === 'Running' && status.podIP !== '' && metadata.deletionTimestamp === '',
    };
  });

/** A Pod as the API serves it. Only what Headgate uses is kept. */
export function parsePod(object: unknown): Parsed<Pod> {
  return parseObject('Pod', schema, object);
}
