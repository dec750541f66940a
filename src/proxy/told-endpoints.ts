import { difference } from '../common/difference.ts';
import type { Endpoint, EndpointMap, Route, RoutingTable } from '../routing/table.ts';
import { type EndpointChanges, type EndpointSplice, spliceBetween } from '../upstream/endpoint-changes.ts';

/** The endpoints that workers have been told of: those of every version that the table names, and no others. */
export class ToldEndpoints {
  readonly #lists: Record<string, readonly Endpoint[]> = {};
  #table: RoutingTable = { routes: [] };
  /** How many routes name each version. */
  readonly #routes = new Map<string, number>();

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
    const [gone, came] = difference(this.#table.routes, table.routes);
    const [left, named] = [keysOf(gone), keysOf(came)];
    // Before anything is altered, since it may fail for want of memory.
    const known = named.every((key) => this.#lists[key] !== undefined || changed[key] !== undefined);
    const rest = known ? {} : all();
    for (const key of named) this.#routes.set(key, (this.#routes.get(key) ?? 0) + 1);
    for (const key of left) this.#routes.set(key, (this.#routes.get(key) ?? 0) - 1);
    const changes: Record<string, EndpointChanges[string]> = { ...this.change(changed) };
    for (const key of named) {
      if (this.#lists[key] !== undefined) continue;
      const endpoints = changed[key] ?? rest[key] ?? [];
      changes[key] = endpoints;
      this.#lists[key] = endpoints;
    }
    for (const key of left) {
      if (this.#routes.get(key) !== 0) continue;
      this.#routes.delete(key);
      changes[key] = [];
      delete this.#lists[key];
    }
    this.#table = table;
    return changes;
  }
}

/** Of their versions, as often as they are named. */
function keysOf(routes: Iterable<Route>): readonly string[] {
  return [...routes].flatMap(({ versions }) => versions.map(({ key }) => key));
}
