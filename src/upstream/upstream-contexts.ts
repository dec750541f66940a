import type { RoutingTable, UpstreamTls } from '../routing/table.ts';
import { UpstreamContext } from './upstream-context.ts';

/** One context for all routes that say the same of TLS, so that a table which is built anew ends no connection. */
export class UpstreamContexts {
  readonly #contexts = new Map<string, UpstreamContext>();

  of(tls: UpstreamTls): UpstreamContext {
    const key = keyOf(tls);
    let context = this.#contexts.get(key);
    if (context === undefined) {
      context = new UpstreamContext(tls);
      this.#contexts.set(key, context);
    }
    return context;
  }

  /** Forgets those that no route names any more. */
  retain({ routes }: RoutingTable): void {
    if (this.#contexts.size === 0) return;
    const named = new Set(routes.flatMap(({ tls }) => (tls === undefined ? [] : keyOf(tls))));
    for (const key of this.#contexts.keys()) if (!named.has(key)) this.#contexts.delete(key);
  }
}

function keyOf({ ca, serverName, verify }: UpstreamTls): string {
  return JSON.stringify([ca, serverName, verify]);
}
