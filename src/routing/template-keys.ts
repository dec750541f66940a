import type { TargetPort } from './ports.ts';

/**
 * Gives version keys to experiments' templates. Endpoints belong to a key, and Rollouts with different ports may share
 * an Experiment: the first route has the plain key, one with another port a key of its own.
 */
export class TemplateKeys {
  readonly #ports = new Map<string, TargetPort>();

  /** @param plain `<namespace>/<experiment>/<template>`, with the suffix of the route */
  claim(plain: string, port: TargetPort): string {
    const first = this.#ports.get(plain);
    if (first === undefined) this.#ports.set(plain, port);
    // Claimed as well: a route with a port of its own may have that suffix already.
    return first === undefined || first === port ? plain : this.claim(`${plain}#${port}`, port);
  }
}
