import type { Test } from 'tap';
import { type AccessEntry, AccessLog } from '../../src/telemetry/access-log.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { type Counts, TestPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { type RawPeer, turn } from '../lib/raw-peer.ts';
import { staticTable } from '../lib/static-table.ts';
import { type SettingsChange, testSettings } from '../lib/test-settings.ts';
import { type RawUpstream, rawUpstream, type Script } from '../lib/upstreams.ts';
import { Baseline } from './baseline.ts';

export const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** What a fault must have left in the counters and in the logs. What is not named must be empty. */
export interface Traces {
  /** Requests by status, of the version. */
  readonly statuses?: Counts;
  /** Requests by status that reached no version. */
  readonly unrouted?: Counts;
  readonly failures?: Counts;
  readonly retries?: Counts;
  /** The reason in the access log of each request, in any order; empty: the version answered. */
  readonly reasons: readonly string[];
}

/** One upstream that a test scripts, a plane in front of it, clients, and what was logged. */
export class Scene {
  readonly plane: TestPlane;
  readonly upstream: RawUpstream;
  readonly clients: RawPeer[] = [];
  readonly #t: Test;
  readonly #baseline: Baseline;
  readonly #log: Log;

  constructor(t: Test, plane: TestPlane, upstream: RawUpstream, log: Log) {
    this.#t = t;
    this.plane = plane;
    this.upstream = upstream;
    this.#log = log;
    this.#baseline = new Baseline(plane);
  }

  async client(): Promise<RawPeer> {
    const client = await rawClient(this.#t, this.plane.port);
    this.clients.push(client);
    return client;
  }

  /** The nth connection to the upstream, as soon as it is there. */
  async peer(index = 0): Promise<RawPeer> {
    await this.plane.until(() => this.upstream.peers.length > index, `upstream connection ${index}`);
    const peer = this.upstream.peers[index];
    if (peer === undefined) throw new Error('no peer');
    return peer;
  }

  /** Checks what the fault has left: these traces, each request once, and nothing else. Ends the scene. */
  async leaves({ statuses = {}, unrouted = {}, failures = {}, retries = {}, reasons }: Traces): Promise<void> {
    const { plane } = this;
    const t = this.#t;
    await this.#baseline.regained(t, this.clients, this.upstream.peers);
    t.same(plane.statuses('only'), statuses, 'statuses of the version');
    t.same(plane.statuses(null), unrouted, 'statuses of no version');
    t.same(plane.failures('only'), failures, 'upstream failures');
    t.same(plane.retries('only'), retries, 'retries');
    t.same(this.#log.reasons.sort(), [...reasons].sort(), 'reasons in the access log');
    t.same([...this.#log.warned].sort(), Object.keys(failures).sort(), 'reasons in the log');
    t.same(this.upstream.errors, [], 'the upstream did as it was told');
  }
}

/** Sets the scene. It is to be ended with `leaves`. */
export async function scene(t: Test, script: Script, settings: SettingsChange = {}): Promise<Scene> {
  const upstream = await rawUpstream(t, script);
  return sceneTo(t, upstream, [upstream.port], settings);
}

/** A scene whose version has these endpoints of 127.0.0.1. */
export async function sceneTo(
  t: Test,
  upstream: RawUpstream,
  ports: readonly number[],
  settings: SettingsChange = {},
): Promise<Scene> {
  const log = new Log();
  const plane = new TestPlane(testSettings({ ...settings, accessLog: true }), undefined, log.logger, log);
  t.teardown(() => plane.plane.destroy());
  const { table, endpoints } = staticTable({ only: { ports } });
  plane.apply(table, endpoints);
  await plane.listen('127.0.0.1');
  return new Scene(t, plane, upstream, log);
}

/** Lets the event loop go round that many times. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await turn();
}

/** Both logs, in memory. */
class Log extends AccessLog {
  readonly reasons: string[] = [];
  readonly warned = new Set<unknown>();
  readonly logger = createLogger({
    level: 'warn',
    // An endpoint may well be ejected meanwhile: that has a line of its own.
    destination: {
      write: (line) => {
        if (line.includes('upstream failed')) this.warned.add(reasonOf(JSON.parse(line)));
      },
    },
  });

  constructor() {
    super({ destination: '/dev/null' });
  }

  override write({ reason }: AccessEntry): void {
    this.reasons.push(reason);
  }
}

function reasonOf(line: unknown): unknown {
  return typeof line === 'object' && line !== null && 'reason' in line ? line.reason : line;
}
