import type { Api } from './api.ts';
import type { Kubectl } from './kubectl.ts';
import type { Rollout } from './objects.ts';

/** One Rollout, driven by the plugin's commands and waited for by the watch. */
export class RolloutDriver {
  readonly name: string;
  readonly #api: Api;
  readonly #kubectl: Kubectl;

  constructor(api: Api, kubectl: Kubectl, name: string) {
    this.#api = api;
    this.#kubectl = kubectl;
    this.name = name;
  }

  get(): Promise<Rollout> {
    return this.#api.get('Rollout', this.name);
  }

  /** The pod template hashes of the version that it comes from and of the one that it goes to. */
  async hashes(): Promise<{ readonly stable: string; readonly canary: string }> {
    const { status } = await this.get();
    return { stable: status?.stableRS ?? '', canary: status?.currentPodHash ?? '' };
  }

  /** The first state in which the controller has seen the newest spec and this holds. */
  until(what: string, holds: (rollout: Rollout) => boolean, timeoutMs = 60_000): Promise<Rollout> {
    const seen = ({ metadata, status }: Rollout) => status?.observedGeneration === String(metadata.generation);
    return this.#api.until('Rollout', this.name, what, (rollout) => seen(rollout) && holds(rollout), timeoutMs);
  }

  /** Fully on its newest version. */
  healthy(timeoutMs?: number): Promise<Rollout> {
    const holds = ({ status }: Rollout) => status?.phase === 'Healthy' && status.stableRS === status.currentPodHash;
    return this.until('healthy', holds, timeoutMs);
  }

  /** At the pause that is step `index` (from 0). */
  pausedAt(index: number, timeoutMs?: number): Promise<Rollout> {
    const holds = ({ status }: Rollout) => status?.phase === 'Paused' && status.currentStepIndex === index;
    return this.until(`paused at step ${index}`, holds, timeoutMs);
  }

  /** A blue-green Rollout that has its new version as preview, and waits to be promoted. */
  pausedBeforeSwitch(timeoutMs?: number): Promise<Rollout> {
    const holds = ({ status }: Rollout) =>
      status?.phase === 'Paused' && status.blueGreen?.previewSelector === status.currentPodHash;
    return this.until('paused before the switch', holds, timeoutMs);
  }

  /** The controller has acted on an abort. */
  aborted(timeoutMs?: number): Promise<Rollout> {
    const holds = ({ status }: Rollout) =>
      status?.abort === true && status.phase === 'Degraded' && (status.currentStepIndex ?? 0) === 0;
    return this.until('aborted', holds, timeoutMs);
  }

  /** `container` is the first one where it is left out. */
  async setImage(image: string, container?: string): Promise<void> {
    await this.#kubectl.setImage(this.name, container ?? '*', image);
  }

  async promote(): Promise<void> {
    await this.#kubectl.promote(this.name);
  }

  async promoteFull(): Promise<void> {
    await this.#kubectl.promoteFull(this.name);
  }

  async abort(): Promise<void> {
    await this.#kubectl.abort(this.name);
  }

  async retry(): Promise<void> {
    await this.#kubectl.retry(this.name);
  }

  async undo(): Promise<void> {
    await this.#kubectl.undo(this.name);
  }

  async restart(): Promise<void> {
    await this.#kubectl.restart(this.name);
  }
}
