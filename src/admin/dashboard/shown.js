import { looksOf, titleOf } from './looks.js';

/** @import { LiveRoute, LiveRouteVersion } from '../live-route.ts' */
/** @typedef {LiveRouteVersion & { look: number, title: string, key: string }} Shown a version, and how it is shown */

/**
 * @param {LiveRoute} route
 * @returns {Shown[]}
 */
export function shownVersions({ versions }) {
  const looks = looksOf(versions);
  return versions.map((version, index) => ({
    ...version,
    look: looks[index] ?? 0,
    title: titleOf(version),
    // A version keeps its column when its role changes; two templates of one hash have one each.
    key: JSON.stringify([version.experiment, version.name, index]),
  }));
}
