import { setTimeout as sleep } from 'node:timers/promises';
import { runsAsWritten, tagOf } from './container-command.ts';
import type { Container, Pod, Probe } from './objects.ts';
import { httpProbe, listens } from './probe.ts';

export interface ReadinessOptions {
  readonly pod: Pod;
  readonly container: Container;
  readonly ip: string;
  /** Ends the probing. */
  readonly signal: AbortSignal;
  readonly onReady: (ready: boolean) => void;
  /** The liveness probe has failed for good. */
  readonly onDead: () => void;
}

const READY_AFTER = 'headgate.test/ready-after';
const READY_AFTER_MS = 200;

/**
 * Tells when a container's process is ready and when it no longer is. Headgate, and an image `node`, are probed as
 * their manifests say. The application is ready `headgate.test/ready-after` milliseconds (an annotation of the Pod) after
 * it listens, and never when its image's tag is `broken`.
 */
export async function watchReadiness(options: ReadinessOptions): Promise<void> {
  try {
    if (runsAsWritten(options.container)) await probe(options);
    else await untilAppReady(options);
  } catch (error) {
    if (!options.signal.aborted) throw error;
  }
}

async function untilAppReady({ pod, container, ip, signal, onReady }: ReadinessOptions): Promise<void> {
  if (tagOf(container.image) === 'broken') return;
  const port = container.ports?.[0]?.containerPort ?? 8080;
  while (!(await listens(ip, port))) await sleep(20, undefined, { signal });
  const delay = Number(pod.metadata.annotations?.[READY_AFTER] ?? READY_AFTER_MS);
  await sleep(delay, undefined, { signal });
  onReady(true);
}

async function probe({ container, ip, signal, onReady, onDead }: ReadinessOptions): Promise<void> {
  const { startupProbe, readinessProbe, livenessProbe } = container;
  if (startupProbe !== undefined) {
    const started = await firstSuccess(container, startupProbe, ip, signal);
    if (!started) return onDead();
  }
  const loops: Promise<void>[] = [];
  if (readinessProbe === undefined) onReady(true);
  else loops.push(keepProbing(container, readinessProbe, ip, signal, onReady));
  if (livenessProbe !== undefined) {
    const onLive = (live: boolean) => {
      if (!live) onDead();
    };
    loops.push(keepProbing(container, livenessProbe, ip, signal, onLive));
  }
  await Promise.all(loops);
}

async function firstSuccess(container: Container, probe: Probe, ip: string, signal: AbortSignal): Promise<boolean> {
  for (let failures = 0; failures < (probe.failureThreshold ?? 3); failures += 1) {
    if (await once(container, probe, ip)) return true;
    await sleep(period(probe), undefined, { signal });
  }
  return false;
}

/** Tells of each change: the first success, and so many failures in a row as the probe allows. */
async function keepProbing(
  container: Container,
  probe: Probe,
  ip: string,
  signal: AbortSignal,
  onChange: (good: boolean) => void,
): Promise<void> {
  let failures = 0;
  let good: boolean | null = null;
  for (;;) {
    const success = await once(container, probe, ip);
    signal.throwIfAborted();
    failures = success ? 0 : failures + 1;
    const judged: boolean | null = success ? true : failures >= (probe.failureThreshold ?? 3) ? false : good;
    if (judged !== null && judged !== good) onChange(judged);
    good = judged;
    await sleep(period(probe), undefined, { signal });
  }
}

function once({ ports = [] }: Container, { httpGet, timeoutSeconds = 1 }: Probe, ip: string): Promise<boolean> {
  if (httpGet === undefined) throw new Error('the pod runner knows only httpGet probes');
  const port = ports.find(({ name }) => name === httpGet.port)?.containerPort ?? Number(httpGet.port);
  return httpProbe(ip, port, httpGet.path ?? '/', timeoutSeconds * 1000);
}

function period({ periodSeconds = 10 }: Probe): number {
  return periodSeconds * 1000;
}
