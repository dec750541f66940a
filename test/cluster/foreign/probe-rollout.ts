import type { Pod } from '../lib/objects.ts';
import type { Place } from '../lib/place.ts';
import { httpHeader } from './http-header.ts';

const NAME = 'probe';
const PORT = 8080;
const ROLLOUT = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: ${NAME} }
spec:
  replicas: 1
  selector: { matchLabels: { app: ${NAME} } }
  strategy: { canary: {} }
  template:
    metadata: { labels: { app: ${NAME} } }
    spec: { containers: [{ name: app, image: "probe:v1", ports: [{ containerPort: ${PORT} }] }] }
`;

const CONTROLLER_MS = 30_000;
/** The image has to be fetched. */
const POD_MS = 240_000;

/**
 * Tries with a Rollout of one Pod what every scenario needs. Resolves with whether its Pod answers a request from here.
 * @throws Error that says whether the controller is missing or the Pod does not get ready, and why
 */
export async function probeRollout(place: Place): Promise<boolean> {
  const { api } = place;
  await api.apply(ROLLOUT);
  const seen = ({ status }: { status?: { observedGeneration?: string } }) => status?.observedGeneration !== undefined;
  await api.until('Rollout', NAME, 'seen', seen, CONTROLLER_MS).catch((cause: unknown) => {
    const what = `no controller of Argo Rollouts answers: a Rollout was not looked at within ${CONTROLLER_MS / 1000} s`;
    throw new Error(`${what}. Does it run, and for all namespaces?`, { cause });
  });
  await api
    .until('Rollout', NAME, 'available', ({ status }) => (status?.availableReplicas ?? 0) > 0, POD_MS)
    .catch(async (cause: unknown) => {
      const pods = (await api.list('Pod')).map(waitingFor).join('; ');
      throw new Error(
        `a Pod of the test does not get ready within ${POD_MS / 1000} s: ${pods}\n${await place.logs()}`,
        {
          cause,
        },
      );
    });
  const [pod] = await api.list('Pod', `app=${NAME}`);
  const { podIP } = pod?.status ?? {};
  // Another network may have the same address: it has to be this very Pod.
  return podIP !== undefined && (await httpHeader(podIP, PORT, 'x-pod')) === pod?.metadata.name;
}

function waitingFor({ metadata, status }: Pod): string {
  const conditions = (status?.conditions ?? []).filter((one) => one.status !== 'True');
  return `${metadata.name} ${status?.phase}: ${conditions.map(({ type, reason, message }) => `not ${type} (${reason ?? ''} ${message ?? ''})`).join(', ')}`;
}
