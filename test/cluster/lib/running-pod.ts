import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../load/clock.ts';
import type { Api } from './api.ts';
import { ApiError } from './api-error.ts';
import { containerCommand, runsAsWritten } from './container-command.ts';
import type { Images } from './images.ts';
import { NETWORK } from './namespace.ts';
import type { Container, Pod } from './objects.ts';
import { type PodNetwork, podNetwork } from './pod-network.ts';
import { PodTimes } from './pod-times.ts';
import { RunningContainer } from './running-container.ts';
import { writeVolumes } from './volumes.ts';

export interface RunningPodOptions {
  /** Bound to the Pod's namespace. */
  readonly api: Api;
  readonly images: Images;
  readonly node: string;
  /** For volumes and logs. */
  readonly folder: string;
}

/** One Pod from its binding to its deletion, with the status that a kubelet would write. */
export class RunningPod {
  readonly times: PodTimes;
  readonly #pod: Pod;
  readonly #options: RunningPodOptions;
  #network: PodNetwork | null = null;
  #containers: RunningContainer[] = [];
  #statusWanted = false;
  #writing = false;
  #ready = false;
  #ended = false;
  #starting: Promise<void>;
  #deletion: Promise<void> | null = null;

  constructor(pod: Pod, options: RunningPodOptions) {
    this.#pod = pod;
    this.#options = options;
    this.times = new PodTimes(pod);
    this.#starting = this.#start();
  }

  get pod(): Pod {
    return this.#pod;
  }

  get containers(): readonly RunningContainer[] {
    return this.#containers;
  }

  /** Kills all its processes at once, as a crash. They are started again in place. */
  kill(): void {
    for (const container of this.#containers) container.kill();
  }

  /** To be called when the Pod has a deletionTimestamp, which arrived `at` that moment. Ends its processes, then the Pod. */
  delete(pod: Pod, at: number): Promise<void> {
    this.#deletion ??= this.#delete(pod, at);
    return this.#deletion;
  }

  /** To be called when the object is gone: nobody is told any more. */
  async gone(at: number): Promise<void> {
    if (this.#deletion === null) this.times.unusable(at);
    this.#ended = true;
    await this.#deletion;
    await this.#starting;
    await this.#end(0);
  }

  async #start(): Promise<void> {
    const { api, images, node, folder } = this.#options;
    const { name, uid } = this.#pod.metadata;
    if (this.#pod.spec.nodeName === undefined) {
      const target = { apiVersion: 'v1', kind: 'Node', name: node };
      await this.#insist(() =>
        api.post('Pod', name, 'binding', { apiVersion: 'v1', kind: 'Binding', metadata: { name, uid }, target }),
      );
    }
    const network = await podNetwork();
    this.#network = network;
    this.times.ip = network.ip;
    const own = join(folder, 'pods', uid ?? name);
    const pod = { ...this.#pod, spec: { ...this.#pod.spec, nodeName: node } };
    const containers = [...sidecars(pod), ...pod.spec.containers];
    mkdirSync(join(folder, 'logs'), { recursive: true });
    if (containers.some(runsAsWritten))
      await this.#insist(() => writeVolumes(api, pod, network.ip, join(own, 'volumes')));
    if (this.#ended || this.#deletion !== null) return;
    this.#containers = containers.map(
      (container) =>
        new RunningContainer({
          pod,
          container,
          ip: network.ip,
          command: containerCommand(images, { pod, network, folder: own }, container),
          folder: join(folder, 'logs'),
          onChange: () => this.#changed(),
        }),
    );
    this.#changed();
  }

  async #delete(pod: Pod, at: number): Promise<void> {
    this.times.unusable(at);
    await this.#starting;
    await this.#end((pod.metadata.deletionGracePeriodSeconds ?? 30) * 1000);
    const { name, uid } = this.#pod.metadata;
    await this.#insist(() =>
      this.#options.api.delete('Pod', name, { gracePeriodSeconds: 0, ...(uid === undefined ? {} : { uid }) }),
    );
  }

  async #end(graceMs: number): Promise<void> {
    await Promise.all(this.#containers.map((container) => container.stop(graceMs)));
    const network = this.#network;
    this.#network = null;
    await network?.remove();
  }

  #changed(): void {
    this.#statusWanted = true;
    if (!this.#writing) void this.#writeStatus();
  }

  async #writeStatus(): Promise<void> {
    this.#writing = true;
    while (this.#statusWanted && !this.#ended) {
      this.#statusWanted = false;
      const ready = this.#containers.every((container) => container.ready);
      const before = now();
      const { api } = this.#options;
      await this.#insist(() => api.patch('Pod', this.#pod.metadata.name, { status: this.#status(ready) }, 'status'));
      if (ready && !this.#ready && this.#deletion === null) this.times.usable(before);
      if (!ready && this.#ready) this.times.unusable(now());
      this.#ready = ready;
    }
    this.#writing = false;
  }

  #status(ready: boolean) {
    const ip = this.times.ip;
    const lastTransitionTime = new Date().toISOString();
    const condition = (type: string, status: boolean) => ({
      type,
      status: status ? 'True' : 'False',
      lastTransitionTime,
    });
    return {
      phase: 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      hostIP: NETWORK.gateway,
      startTime: this.times.startTime,
      conditions: [
        ...['PodScheduled', 'PodReadyToStartContainers', 'Initialized'].map((type) => condition(type, true)),
        ...['ContainersReady', 'Ready'].map((type) => condition(type, ready)),
      ],
      containerStatuses: this.#statuses(this.#pod.spec.containers),
      initContainerStatuses: this.#statuses(sidecars(this.#pod)),
    };
  }

  #statuses(specs: readonly Container[]) {
    return this.#containers
      .filter(({ name }) => specs.some((spec) => spec.name === name))
      .map(({ name, image, ready, restarts, startedAt, running }) => ({
        name,
        image,
        imageID: image,
        ready,
        started: running,
        restartCount: restarts,
        state: running
          ? { running: { startedAt: startedAt.toISOString() } }
          : { waiting: { reason: 'CrashLoopBackOff' } },
      }));
  }

  /** Until the API server takes it, or says that there is no such Pod any more. */
  async #insist(action: () => Promise<unknown>): Promise<void> {
    while (!this.#ended) {
      try {
        await action();
        return;
      } catch (error) {
        if (error instanceof ApiError && [404, 409, 422].includes(error.status)) return;
        await sleep(50);
      }
    }
  }
}

function sidecars({ spec }: Pod): readonly Container[] {
  return (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
}
