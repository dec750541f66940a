import type { EndpointPool } from './endpoint-pool.ts';

/** Endpoints of one version that time changes: they have connections, or are left out for a time. Sweeps look at no others. */
export class WatchedEndpoints {
  readonly #list: EndpointPool[] = [];

  get any(): boolean {
    return this.#list.length > 0;
  }

  /** From now on until it has come to rest: it was chosen, or a request to it has failed. */
  add(endpoint: EndpointPool): void {
    if (endpoint.watched) return;
    endpoint.watched = true;
    this.#list.push(endpoint);
  }

  /** Lets time pass. @returns true: one of them is thought of otherwise */
  sweep(now: number): boolean {
    const list = this.#list;
    let changed = false;
    let kept = 0;
    for (const endpoint of list) {
      if (endpoint.health.sweep(now)) changed = true;
      endpoint.watched = endpoint.sweep(now) && !endpoint.retired;
      if (!endpoint.watched) continue;
      list[kept] = endpoint;
      kept += 1;
    }
    list.length = kept;
    return changed;
  }
}
