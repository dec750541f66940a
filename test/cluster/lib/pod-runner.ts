import type { UsableInterval } from '../judge/usable-interval.ts';
import type { Api } from './api.ts';
import type { Images } from './images.ts';
import type { Pod } from './objects.ts';
import type { PodTimes } from './pod-times.ts';
import { RunningPod } from './running-pod.ts';
import type { Watch, WatchEvent } from './watch.ts';

const NODE = 'node';

/** Scheduler and kubelet in one: every Pod of the cluster becomes processes of this machine. */
export class PodRunner {
  readonly #api: Api;
  readonly #images: Images;
  readonly #folder: string;
  readonly #pods = new Map<string, RunningPod>();
  readonly #times: PodTimes[] = [];
  #watch: Watch<Pod> | null = null;

  constructor(api: Api, images: Images, folder: string) {
    this.#api = api;
    this.#images = images;
    this.#folder = folder;
  }

  async start(): Promise<void> {
    // Pods on a Node that does not exist are collected as garbage.
    await this.#api.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: NODE } });
    await this.#api.patch('Node', NODE, { status: { conditions: [{ type: 'Ready', status: 'True' }] } }, 'status');
    this.#watch = this.#api.watch('Pod', (event) => this.#onEvent(event), { everywhere: true });
  }

  stop(): void {
    this.#watch?.close();
    for (const pod of this.#pods.values()) pod.kill();
  }

  /** Of all Pods of a namespace that carry a pod template hash, those that are gone included. */
  intervals(namespace: string): readonly UsableInterval[] {
    return this.times(namespace).flatMap(({ hash, intervals }) => (hash === '' ? [] : intervals));
  }

  /** All Pods that a namespace ever had, in the order in which they appeared. */
  times(namespace: string): readonly PodTimes[] {
    return this.#times.filter((times) => times.namespace === namespace);
  }

  /** Kills the Pod's processes (SIGKILL): the Pod stays, gets unready a moment later, and its containers are restarted. */
  kill(namespace: string, name: string): void {
    this.#running(namespace, name).kill();
  }

  /** The last lines of what the Pod's containers have printed. */
  tail(namespace: string, name: string, lines: number): string {
    return this.#running(namespace, name)
      .containers.map((container) => `--- ${container.log}\n${container.tail(lines)}`)
      .join('\n');
  }

  #running(namespace: string, name: string): RunningPod {
    const found = [...this.#pods.values()].find(
      ({ pod: { metadata } }) => metadata.namespace === namespace && metadata.name === name,
    );
    if (found === undefined) throw new Error(`no Pod ${namespace}/${name} runs`);
    return found;
  }

  #onEvent({ type, object: pod, at }: WatchEvent<Pod>): void {
    const { uid = '', namespace = '', deletionTimestamp } = pod.metadata;
    const running = this.#pods.get(uid);
    if (type === 'DELETED') {
      this.#pods.delete(uid);
      void running?.gone(at);
    } else if (running === undefined) {
      const started = new RunningPod(pod, {
        api: this.#api.in(namespace),
        images: this.#images,
        node: NODE,
        folder: this.#folder,
      });
      this.#pods.set(uid, started);
      this.#times.push(started.times);
      if (deletionTimestamp !== undefined) void started.delete(pod, at);
    } else if (deletionTimestamp !== undefined) {
      void running.delete(pod, at);
    }
  }
}
