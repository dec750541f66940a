import type { Route, RoutingTable } from '../routing/table.ts';

/**
 * A table as a message: the routes that are new, and the index in the table before of each that is as it was. A thousand
 * routes of which one changed would otherwise be copied whole to every worker, which would make its requests wait.
 */
export type RouteChanges = readonly (Route | number)[];

export function routeChanges(before: RoutingTable, after: RoutingTable): RouteChanges {
  let indexes: ReadonlyMap<Route, number> | null = null;
  return after.routes.map((route, index) => {
    // Most are where they were.
    if (route === before.routes[index]) return index;
    indexes ??= new Map(before.routes.map((other, at) => [other, at]));
    return indexes.get(route) ?? route;
  });
}

/** @throws RangeError when an index leads to no route: the changes are for another table */
export function applyRouteChanges(before: RoutingTable, changes: RouteChanges): RoutingTable {
  const routes = changes.map((change) => {
    if (typeof change !== 'number') return change;
    const route = before.routes[change];
    if (route === undefined) throw new RangeError(`no route ${change} among ${before.routes.length}`);
    return route;
  });
  return { routes };
}
