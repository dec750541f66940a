import type { RequestHead } from '../http1/request-head.ts';
import { type Candidate, Decision, roleName } from '../routing/match.ts';
import { fallbackKey } from '../telemetry/keys.ts';
import { enterFlight, leaveFlight, recordFallback, recordOutcome, recordUnrouted } from '../telemetry/record.ts';
import type { CauseName } from './causes.ts';
import type { DataPlane } from './data-plane.ts';
import type { LiveVersion } from './live-version.ts';

/** One request as it is counted and logged: what it asks for, which version it is charged to, what came of it. */
export class Account {
  readonly decision = new Decision<LiveVersion>();
  /** These three only where the access log is on. */
  method = '';
  host = '';
  path = '';
  /** Why Headgate answered or cut the connection; empty when a version answered. */
  cause: CauseName | '' = '';
  /** The version that is charged: the one that answered, else the one chosen. */
  version: Candidate<LiveVersion> | null = null;
  /** `host:port` of the last endpoint tried. */
  upstreamName = '';
  readonly #plane: DataPlane;
  #startedAt = 0;

  constructor(plane: DataPlane) {
    this.#plane = plane;
  }

  /** Decides, and takes down what the access log wants. @param startedAt milliseconds of the plane's clock. */
  open(head: RequestHead, bytes: Buffer, startedAt: number): void {
    const plane = this.#plane;
    this.cause = '';
    this.version = null;
    this.upstreamName = '';
    this.#startedAt = startedAt;
    plane.view.show(head, bytes);
    plane.matcher.decide(plane.view, this.decision);
    if (plane.settings.accessLog) this.#describe(head, bytes);
  }

  /** Moves the request to a version's account; the one it was on before forgets it. */
  charge(version: Candidate<LiveVersion> | null): void {
    if (version === this.version) return;
    if (this.version !== null) leaveFlight(this.version.live.counters);
    this.version = version;
    if (version !== null) enterFlight(version.live.counters);
  }

  countFallback(to: Candidate<LiveVersion>, from: string, reason: Parameters<typeof fallbackKey>[3]): void {
    const { route } = this.decision;
    if (route === null) return;
    recordFallback(this.#plane.counters.fallback(fallbackKey(route.name, from, roleName(to.version), reason)));
  }

  /** Milliseconds since the first byte of the request. */
  elapsed(): number {
    return this.#plane.tick() - this.#startedAt;
  }

  /**
   * Counts the outcome.
   * @param answeredIn milliseconds that count as the request's duration; absent: those until now
   * @returns milliseconds until now
   */
  close(status: number, answeredIn?: number): number {
    const duration = this.elapsed();
    if (this.version === null) recordUnrouted(this.#plane.counters.worker, status);
    else {
      recordOutcome(this.version.live.counters, status, answeredIn ?? duration);
      // Last: whoever reads, on another thread, that nothing is in flight finds everything counted.
      leaveFlight(this.version.live.counters);
    }
    return duration;
  }

  #describe(head: RequestHead, bytes: Buffer): void {
    const { base } = head;
    this.method = bytes.toString('latin1', base + head.methodStart, base + head.methodEnd);
    this.host = head.hostStart < 0 ? '' : bytes.toString('latin1', base + head.hostStart, base + head.hostEnd);
    this.path = bytes.toString('latin1', base + head.pathStart, base + head.pathEnd);
  }
}
