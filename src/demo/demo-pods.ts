import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A Pod of the demo: a real server on a port of its own, and the object that a cluster would show for it. */
export interface DemoPod {
  readonly object: Record<string, unknown>;
  /** Lets requests in flight end. */
  close(): void;
}

export interface DemoPodSpec {
  readonly name: string;
  /** ReplicaSet that owns it. */
  readonly owner: string;
  readonly hash: string;
  /** What it says of itself, for example `talana-backend v1.0.3`. */
  readonly app: string;
}

/** Starts a pod. It is ready at once. */
export async function startPod({ name, owner, hash, app }: DemoPodSpec): Promise<DemoPod> {
  const server = createServer({ keepAliveTimeout: 5_000 }, (_request, response) => {
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    response.end(`${app}, answered by pod ${name}\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { object: podObject({ name, owner, hash, port: portOf(server) }), close: () => server.close() };
}

function podObject(pod: { name: string; owner: string; hash: string; port: number }): Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: pod.name,
      namespace: 'default',
      labels: { 'rollouts-pod-template-hash': pod.hash },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: pod.owner, uid: pod.owner, controller: true },
      ],
    },
    // The port has a name, so that each pod can have its own number on one loopback address.
    spec: { containers: [{ name: 'app', ports: [{ name: 'http', containerPort: pod.port }] }] },
    status: { phase: 'Running', podIP: '127.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the demo pod does not listen');
  return address.port;
}
