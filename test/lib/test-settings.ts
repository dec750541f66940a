import type { WorkerSettings } from '../../src/proxy/settings.ts';

/** What a test wants otherwise. */
export interface SettingsChange {
  readonly timeouts?: Partial<WorkerSettings['timeouts']>;
  readonly limits?: Partial<WorkerSettings['limits']>;
  readonly trusted?: readonly string[];
  readonly versionHeader?: string;
}

/** The defaults of the configuration, as numbers that a test can hold on to. */
export function testSettings({ timeouts, limits, trusted = [], versionHeader }: SettingsChange = {}): WorkerSettings {
  return {
    timeouts: {
      connect: 5_000,
      requestHeaders: 10_000,
      responseHeaders: 60_000,
      idle: 30_000,
      keepAlive: 75_000,
      upstreamIdle: 4_000,
      ...timeouts,
    },
    limits: {
      requestLineBytes: 8_192,
      headerBytes: 16_384,
      headers: 100,
      chunkExtensionBytes: 4_096,
      drainBytes: 65_536,
      idleUpstreamConnections: 64,
      ...limits,
    },
    trusted,
    versionHeader: versionHeader ?? null,
    accessLog: false,
  };
}
