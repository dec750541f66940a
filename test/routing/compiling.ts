import type { RouteConfig } from '../../src/config/config.ts';
import { compile } from '../../src/routing/compile.ts';
import type { CompileMemory } from '../../src/routing/held-rollout.ts';
import type { Route, Target } from '../../src/routing/table.ts';
import { pods, rollout, routeConfig, service, snapshotOf } from './builders.ts';

export const CANARY = {
  stableService: 'web-stable',
  canaryService: 'web-canary',
  trafficRouting: {},
  steps: [{ setWeight: 25 }],
};
export const SERVICES = [service('web-stable'), service('web-canary')];
export const MIDWAY = { stableRS: 'S', currentPodHash: 'C', currentStepIndex: 0 };
export const WEB = { namespace: null, name: 'web' };

export function run(
  objects: readonly object[],
  routes: readonly RouteConfig[] | null = null,
  memory: CompileMemory = {},
) {
  return compile(snapshotOf(objects), { routes }, memory);
}

export function only(routes: readonly Route[]): Route {
  const [route] = routes;
  if (route === undefined || routes.length !== 1) throw new Error(`${routes.length} routes`);
  return route;
}

/** The first rule's target, its versions as `role name`. */
export function firstTarget(route: Route): (Omit<Target, 'versions'> & { versions: readonly string[] }) | null {
  const target = route.rules[0]?.target;
  if (target === undefined) return null;
  return { ...target, versions: target.versions.map((i) => `${route.versions[i]?.role} ${route.versions[i]?.name}`) };
}

export const rule = (to: string, fallback = true) => ({
  name: 'x-v',
  match: { kind: 'present' as const },
  to,
  fallback,
});
export const toCanary = (status: object, fallback = true, canary: object = CANARY) =>
  only(
    run(
      [rollout({ canary: { ...canary }, status: { ...status } }), ...SERVICES, ...pods('S', 4, 1), ...pods('C', 1, 9)],
      [routeConfig({ rollout: WEB, headers: [rule('canary', fallback)] })],
    ).table.routes,
  );

/** Key of the version with that role. */
export function keyOf(status: object, role: string) {
  const { versions } = only(run([rollout({ canary: CANARY, status: { ...status } })]).table.routes);
  return versions.find((version) => version.role === role)?.key;
}
