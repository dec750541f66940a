/** The routing that every peer does, and the upstream ports that it leads to. */

export interface BenchVersion {
  readonly name: 'stable' | 'canary' | 'experiment';
  /** Percent of what no header claims; null: by header only. */
  readonly weight: number | null;
  /** Upstream ports, two a version. */
  readonly ports: readonly [number, number];
}

/** A header that must lead to one version, whatever the weights say. */
export interface HeaderRoute {
  readonly header: string;
  readonly value: string;
  readonly to: BenchVersion['name'];
}

export const CANARY_PERCENT = 10;

export const HEADER_ROUTES: readonly HeaderRoute[] = [
  { header: 'x-canary', value: 'true', to: 'canary' },
  { header: 'aws-cf-cd-super-svp-9f8b7a6d', value: '123e4567-e89b-12d3-a456-42661417400', to: 'experiment' },
];

/** Six upstream ports as three versions. */
export function benchVersions([a = 0, b = 0, c = 0, d = 0, e = 0, f = 0]: readonly number[]): readonly BenchVersion[] {
  return [
    { name: 'stable', weight: 100 - CANARY_PERCENT, ports: [a, b] },
    { name: 'canary', weight: CANARY_PERCENT, ports: [c, d] },
    { name: 'experiment', weight: null, ports: [e, f] },
  ];
}
