import { parse } from 'yaml';
import type { Manifest } from './api.ts';

export interface ApplicationOptions {
  /** What is particular to it, as YAML: everything but its selector and its Pod template. */
  readonly spec: string;
  /** The names of its Services. */
  readonly services: readonly string[];
  readonly serviceType?: 'NodePort';
  /** `Rollout` where it is left out. */
  readonly kind?: 'Rollout' | 'Deployment';
  /** Also the label `app` of its Pods; `shop` where it is left out. */
  readonly name?: string;
  /** `NAME:v1` where it is left out. */
  readonly image?: string;
  /** The container's name; the application's where it is left out. */
  readonly container?: string;
  /** 8080 where it is left out. */
  readonly port?: number;
  /** How long its Pods take to get ready, by the pod runner. */
  readonly readyAfterMs?: number;
}

/** An application as users write it down: its Rollout first, with a Pod template of one container, then its Services. */
export function application({
  spec,
  services,
  serviceType,
  kind = 'Rollout',
  name = 'shop',
  image = `${name}:v1`,
  container = name,
  port = 8080,
  readyAfterMs,
}: ApplicationOptions): readonly Manifest[] {
  const labels = { app: name };
  const annotations =
    readyAfterMs === undefined ? {} : { annotations: { 'headgate.test/ready-after': String(readyAfterMs) } };
  const particular: Manifest = parse(spec);
  const workload = {
    apiVersion: kind === 'Rollout' ? 'argoproj.io/v1alpha1' : 'apps/v1',
    kind,
    metadata: { name },
    spec: {
      ...particular,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, ...annotations },
        spec: { containers: [{ name: container, image, ports: [{ name: 'http', containerPort: port }] }] },
      },
    },
  };
  const service = (serviceName: string) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: serviceName },
    spec: {
      ...(serviceType === undefined ? {} : { type: serviceType }),
      selector: labels,
      ports: [{ name: 'http', port: 80, targetPort: 'http' }],
    },
  });
  return [workload, ...services.map(service)];
}
