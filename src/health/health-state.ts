import type { HealthCheck } from '../routing/table.ts';

/** What checks have found of one endpoint. One that has not been checked counts as healthy: Pods are ready when they come. */
export class HealthState {
  healthy = true;
  checked = false;
  /** Results in a row that say the opposite. */
  #against = 0;

  /** Takes a result. True: the endpoint is thought of otherwise now. */
  note(success: boolean, { healthy, unhealthy }: Pick<HealthCheck, 'healthy' | 'unhealthy'>): boolean {
    this.checked = true;
    if (success === this.healthy) {
      this.#against = 0;
      return false;
    }
    this.#against += 1;
    if (this.#against < (success ? healthy : unhealthy)) return false;
    this.#against = 0;
    this.healthy = success;
    return true;
  }
}
