import type { Counted } from '../telemetry/blocks.ts';
import type { SeriesLabels } from '../telemetry/keys.ts';
import { type VersionId, versionKey } from '../telemetry/version-id.ts';

type Series = Counted<SeriesLabels>;

/** The series of one version: one for each role that it has had. */
export interface VersionSeries {
  readonly id: VersionId;
  readonly series: readonly Series[];
}

/** All series by version, and the versions by route; gathered anew only when a series has come or gone. */
export class SeriesByVersion {
  readonly #read: () => readonly Series[];
  #gathered: readonly Series[] | null = null;
  #versions = new Map<string, { readonly id: VersionId; readonly series: Series[] }>();
  #routes = new Map<string, VersionSeries[]>();

  /** @param read gives the same array as before while no series has come or gone */
  constructor(read: () => readonly Series[]) {
    this.#read = read;
  }

  refresh(): void {
    const all = this.#read();
    if (all === this.#gathered) return;
    this.#gathered = all;
    this.#versions = new Map();
    this.#routes = new Map();
    for (const series of all) {
      const { role: _, ...id } = series.labels;
      const key = versionKey(id);
      const known = this.#versions.get(key);
      if (known !== undefined) {
        known.series.push(series);
        continue;
      }
      const version = { id, series: [series] };
      this.#versions.set(key, version);
      const route = this.#routes.get(id.route);
      if (route === undefined) this.#routes.set(id.route, [version]);
      else route.push(version);
    }
  }

  /** @param key see `versionKey` */
  of(key: string): readonly Series[] {
    return this.#versions.get(key)?.series ?? [];
  }

  ofRoute(route: string): readonly VersionSeries[] {
    return this.#routes.get(route) ?? [];
  }

  all(): Iterable<VersionSeries> {
    return this.#versions.values();
  }
}
