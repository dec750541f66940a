import type { WorkerSettings } from '../../src/proxy/settings.ts';

/** What a test wants otherwise. */
export interface SettingsChange {
  readonly timeouts?: Partial<WorkerSettings['timeouts']>;
  readonly limits?: Partial<WorkerSettings['limits']>;
  readonly retries?: WorkerSettings['retries'];
  readonly ejection?: WorkerSettings['ejection'];
  readonly trailers?: readonly string[];
  readonly trusted?: readonly string[];
  readonly versionHeader?: string;
  readonly accessLog?: boolean;
}

const RETRIES = { budget: 0.2, minimum: 3 };
const EJECTION = { failures: 5, time: 30_000, maxTime: 300_000, maxShare: 0.5, serverErrors: false };

/** The defaults of the configuration, as numbers that a test can hold on to. */
export function testSettings(change: SettingsChange = {}): WorkerSettings {
  const {
    timeouts,
    limits,
    retries = RETRIES,
    ejection = EJECTION,
    trailers = [],
    trusted = [],
    versionHeader,
    accessLog = false,
  } = change;
  return {
    timeouts: {
      connect: 5_000,
      requestHeaders: 10_000,
      responseHeaders: 60_000,
      idle: 30_000,
      keepAlive: 75_000,
      upstreamIdle: 4_000,
      pending: 5_000,
      tunnel: 3_600_000,
      ...timeouts,
    },
    limits: {
      requestLineBytes: 8_192,
      headerBytes: 16_384,
      headers: 100,
      chunkExtensionBytes: 4_096,
      drainBytes: 65_536,
      idleUpstreamConnections: 1024,
      connections: 0,
      connectionsPerAddress: 0,
      requestsPerEndpoint: 0,
      pending: 1_024,
      ...limits,
    },
    retries,
    ejection,
    trailers,
    trusted,
    versionHeader: versionHeader ?? null,
    accessLog,
  };
}
