import type { SeriesLabels } from './keys.ts';

/** What stays of a version when its role changes. */
export type VersionId = Readonly<Omit<SeriesLabels, 'role'>>;

/** Two ids are of one version when their keys are equal. */
export function versionKey({ route, namespace, rollout, experiment, version }: VersionId): string {
  return JSON.stringify([route, namespace, rollout, experiment, version]);
}
