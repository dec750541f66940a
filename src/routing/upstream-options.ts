import type { RouteConfig } from '../config/config.ts';
import type { Route } from './table.ts';

export type UpstreamOptions = Pick<RouteConfig, 'tls' | 'healthCheck' | 'slowStart'>;

/** What of a route's configuration is about its endpoints and goes to the table as it is; what is off is absent. */
export function upstreamOptions({ tls, healthCheck, slowStart }: UpstreamOptions): Pick<Route, keyof UpstreamOptions> {
  return {
    ...(tls !== null && { tls }),
    ...(healthCheck !== null && { healthCheck }),
    ...(slowStart > 0 && { slowStart }),
  };
}
