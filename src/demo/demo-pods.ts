import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nodeHttp } from '../common/node-builtins.ts';

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
  /** It answers every tenth request with 500. */
  readonly faulty: boolean;
}

const FAULT_EVERY = 10;

/** Starts a pod. It is ready at once. */
export async function startPod({ name, owner, hash, app, faulty }: DemoPodSpec): Promise<DemoPod> {
  let requests = 0;
  const server = nodeHttp().createServer({ keepAliveTimeout: 5_000 }, (_request, response) => {
    requests += 1;
    response.statusCode = faulty && requests % FAULT_EVERY === 0 ? 500 : 200;
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    response.end(`${app}, ${response.statusCode === 200 ? 'answered by' : 'an error of'} pod ${name}\n`);
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
