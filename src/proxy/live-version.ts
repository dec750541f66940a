import type { Live } from '../routing/match.ts';
import type { Version } from '../routing/table.ts';
import { ENDPOINTS_EJECTED } from '../telemetry/layout.ts';
import type { VersionPool } from '../upstream/version-pool.ts';

/** What a worker attaches to a version of the table: its endpoints, its counters, its name as a header line. */
export class LiveVersion implements Live {
  readonly pool: VersionPool;
  readonly counters: Float64Array;
  /** `x-headgate-version: <name>` CRLF; empty when the header is off. */
  readonly headerLine: Buffer;
  /** What the gauge of its series says. */
  #ejected = 0;

  constructor(version: Version, pool: VersionPool, counters: Float64Array, versionHeader: string | null) {
    this.pool = pool;
    this.counters = counters;
    this.headerLine = Buffer.from(versionHeader === null ? '' : `${versionHeader}: ${version.name}\r\n`, 'latin1');
  }

  get usable(): boolean {
    return this.pool.usable;
  }

  get listed(): boolean {
    return this.pool.listed;
  }

  /** Writes only what is new: a page of counters is memory from the moment in which something is written to it. */
  showEjected(count: number): void {
    if (count === this.#ejected) return;
    this.#ejected = count;
    this.counters[ENDPOINTS_EJECTED] = count;
  }
}
