import { type ContainerCommand, isHeadgate } from './container-command.ts';
import { Daemon } from './daemon.ts';
import type { Container, Pod } from './objects.ts';
import { watchReadiness } from './readiness.ts';

export interface RunningContainerOptions {
  readonly pod: Pod;
  readonly container: Container;
  readonly ip: string;
  readonly command: ContainerCommand;
  /** For its log. */
  readonly folder: string;
  /** Its state has changed. */
  readonly onChange: () => void;
}

/** How long a container is dead before anybody knows: a kubelet looks once a second. */
const NOTICE_MS = 700;
/** What a restart of the container takes after its first crash, and after many. */
const RESTART_MS = { first: 300, most: 5_000 };
/** An application keeps serving so long after its Pod was asked to end: the `sleep` of a preStop hook. */
const APP_PRE_STOP_MS = 500;

/** One container's process: started, probed, started again when it ends, and stopped as its Pod ends. */
export class RunningContainer {
  ready = false;
  restarts = 0;
  startedAt = new Date();
  readonly #options: RunningContainerOptions;
  readonly #daemon: Daemon;
  #probing = new AbortController();
  #stopping = false;

  constructor(options: RunningContainerOptions) {
    this.#options = options;
    const { pod, container, command, folder } = options;
    const name = `${pod.metadata.namespace}.${pod.metadata.name}.${container.name}`;
    this.#daemon = new Daemon({ ...command, name, folder, onExit: () => this.#crashed() });
    this.#start();
  }

  get running(): boolean {
    return this.#daemon.running;
  }

  get name(): string {
    return this.#options.container.name;
  }

  get image(): string {
    return this.#options.container.image;
  }

  get log(): string {
    return this.#daemon.log;
  }

  tail(lines: number): string {
    return this.#daemon.tail(lines);
  }

  /** As a crash: no signal that it could act on. */
  kill(): void {
    this.#daemon.kill();
  }

  /** The whole way of a container whose Pod was deleted. Resolves when the process has ended. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    const seconds = this.#options.container.lifecycle?.preStop?.sleep?.seconds;
    const preStopMs =
      seconds !== undefined ? seconds * 1000 : isHeadgate(this.#options.container) ? 0 : APP_PRE_STOP_MS;
    if (preStopMs > 0) await new Promise((resolve) => setTimeout(resolve, preStopMs));
    await this.#daemon.stop('SIGTERM', Math.max(0, graceMs - preStopMs));
    this.#probing.abort();
  }

  #start(): void {
    this.startedAt = new Date();
    this.#probing = new AbortController();
    const { pod, container, ip, onChange } = this.#options;
    this.#daemon.start();
    void watchReadiness({
      pod,
      container,
      ip,
      signal: this.#probing.signal,
      onReady: (ready) => {
        this.ready = ready;
        onChange();
      },
      onDead: () => this.#daemon.kill(),
    });
  }

  #crashed(): void {
    this.#probing.abort();
    setTimeout(() => this.#noticed(), NOTICE_MS);
  }

  #noticed(): void {
    this.ready = false;
    if (this.#stopping) return;
    this.restarts += 1;
    this.#options.onChange();
    const delay = Math.min(RESTART_MS.most, RESTART_MS.first * 2 ** (this.restarts - 1));
    setTimeout(() => {
      if (!this.#stopping) this.#start();
    }, delay);
  }
}
