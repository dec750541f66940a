import type { RoutingTable } from '../routing/table.ts';
import type { Block, Counted } from './blocks.ts';
import type { FallbackLabels, SeriesLabels } from './keys.ts';

/** What health checks have found of a version. */
export interface HealthSample {
  readonly labels: SeriesLabels;
  /** Checks with that result. */
  readonly success: number;
  readonly failure: number;
  /** Endpoints that are unhealthy now. */
  readonly unhealthy: number;
}

/** What the main thread knows at the moment of a scrape. */
export interface ProcessState {
  /** Null: there is none yet. */
  readonly table: RoutingTable | null;
  /** The source has delivered all that it found at start. */
  readonly sourceSynced: boolean;
  /** Unix time in seconds; 0: never. */
  readonly sourceLastEventSeconds: number;
  /** The source's `kind`; none: there is no source. */
  readonly sourceKind: string;
  readonly configReloadSuccessful: boolean;
  readonly workersRestarted: number;
  /** Of the versions of routes with a health check. */
  readonly health: readonly HealthSample[];
  /** Number of problems that there are now. */
  readonly problems: number;
  /** When each certificate of a listener ends, in milliseconds since 1970, by its file. */
  readonly certificates: ReadonlyMap<string, number>;
}

/**
 * What one scrape reads. Taken at its beginning, as it pauses between samples: a table that comes meanwhile must not show
 * a version in some families and not in others.
 */
export interface Scrape {
  readonly series: readonly Counted<SeriesLabels>[];
  readonly fallbacks: readonly Counted<FallbackLabels>[];
  /** The blocks of the workers themselves, by slot. */
  readonly workers: readonly Block[];
  readonly state: ProcessState;
}
