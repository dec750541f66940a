import type { Config } from '../config/config.ts';
import type { WorkerSettings } from '../proxy/settings.ts';

/** What of the configuration the data plane needs, so that it need not know the configuration. */
export function workerSettings(config: Config): WorkerSettings {
  const { timeouts, limits, retries, ejection, trailers, forwarded, versionHeader, log } = config;
  return {
    timeouts,
    limits,
    retries,
    ejection,
    trailers,
    trusted: forwarded.trusted,
    versionHeader,
    accessLog: log.access,
  };
}
