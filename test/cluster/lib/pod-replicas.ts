import type { Target } from '../load/target.ts';
import type { Api } from './api.ts';
import type { EndpointSlice } from './objects.ts';
import type { Replicas } from './replicas.ts';
import type { Watch } from './watch.ts';

const PODS = 'app.kubernetes.io/name=headgate';
const PROXY = 'http';
const ADMIN = 'admin';

/** The Pods of the shipped Deployment, as its Services' EndpointSlices name them. */
export class PodReplicas implements Replicas {
  readonly #api: Api;
  readonly #watch: Watch<EndpointSlice>;
  readonly #listeners = new Set<() => void>();

  constructor(api: Api) {
    this.#api = api;
    const changed = () => {
      for (const listener of this.#listeners) listener();
    };
    this.#watch = api.watch('EndpointSlice', changed, { labelSelector: PODS });
  }

  get targets(): readonly Target[] {
    return this.#addresses(PROXY, true);
  }

  get admins(): readonly string[] {
    const ready = new Set(this.targets.map(({ host }) => host));
    return this.#addresses(ADMIN, false)
      .filter(({ host }) => ready.has(host))
      .map(({ host, port }) => `http://${host}:${port}`);
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  async pods(): Promise<readonly string[]> {
    const pods = await this.#api.list('Pod', PODS);
    return pods.map(({ metadata }) => metadata.name);
  }

  close(): void {
    this.#watch.close();
  }

  #addresses(portName: string, readyOnly: boolean): Target[] {
    const found = new Map<string, Target>();
    for (const { endpoints, ports } of this.#watch.objects) {
      const port = ports?.find(({ name }) => name === portName)?.port;
      if (port === undefined) continue;
      for (const { addresses, conditions } of endpoints ?? []) {
        const [host] = addresses;
        if (host !== undefined && (!readyOnly || conditions?.ready === true)) found.set(host, { host, port });
      }
    }
    return [...found.values()];
  }
}
