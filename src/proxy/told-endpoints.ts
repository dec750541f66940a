import type { Endpoint, EndpointMap, RoutingTable } from '../routing/table.ts';
import { type EndpointChanges, type EndpointSplice, spliceBetween } from '../upstream/endpoint-changes.ts';

/** The endpoints that workers have been told of: those of every version that the table names, and no others. */
export class ToldEndpoints {
  readonly #lists: Record<string, readonly Endpoint[]> = {};

  /** For a worker that has been told nothing. */
  get all(): EndpointMap {
    return this.#lists;
  }

  /** @returns what has changed in the lists that may be others, of versions that the table names */
  change(changed: EndpointMap): EndpointChanges {
    const changes: Record<string, EndpointSplice> = {};
    for (const [key, endpoints] of Object.entries(changed)) {
      const told = this.#lists[key];
      const splice = told === undefined ? null : spliceBetween(told, endpoints);
      if (splice === null) continue;
      changes[key] = splice;
      this.#lists[key] = endpoints;
    }
    return changes;
  }

  /**
   * The versions of another table: what is new to it comes, what it does not name any more goes, as an empty list.
   * @param changed at least the lists that are others
   * @param all every list; asked for only when a version is named again that was compiled long ago
   */
  switch(table: RoutingTable, changed: EndpointMap, all: () => EndpointMap): EndpointChanges {
    const named = new Set(table.routes.flatMap((route) => route.versions.map(({ key }) => key)));
    const changes: Record<string, EndpointChanges[string]> = { ...this.change(changed) };
    for (const key of named) {
      if (this.#lists[key] !== undefined) continue;
      const endpoints = changed[key] ?? all()[key] ?? [];
      changes[key] = endpoints;
      this.#lists[key] = endpoints;
    }
    for (const key of Object.keys(this.#lists)) {
      if (named.has(key)) continue;
      changes[key] = [];
      delete this.#lists[key];
    }
    return changes;
  }
}
