import type { Worker } from 'node:worker_threads';
import { hostPort } from '../common/host-port.ts';
import { ConfigWatcher } from '../config/watch.ts';
import { Headgate } from '../control/headgate.ts';
import { openSource } from '../sources/open-source.ts';
import { createLogger } from '../telemetry/logger.ts';
import type { ExitCode } from './exit-code.ts';
import { loadOptions } from './load-options.ts';
import type { SourceOptions } from './source-options.ts';
import { untilSignal } from './until-signal.ts';
import { version } from './version.ts';

/**
 * Serves until a signal ends it.
 * @param thread of startThread: it is loading what a worker needs
 * @throws ConfigError when the configuration has mistakes, AccessError when there is no cluster, ListenError when an
 * address cannot be had
 */
export async function serve(options: SourceOptions, thread: Worker): Promise<ExitCode> {
  const { config, loaded } = await loadOptions(options);
  const logger = createLogger({ level: config.log.level });
  const source =
    config.source === null
      ? null
      : await openSource(config.source, {
          onWaiting: ({ place, message, remedy }) => logger.warn({ place, remedy }, message),
        });
  const headgate = new Headgate({ config, source, logger, version, threads: [thread] });
  const watcher =
    loaded === null
      ? null
      : new ConfigWatcher(options.config ?? loaded.file, loaded, {
          onChange: (changed) => headgate.reload(changed.config),
          onError: (error) => headgate.reloadFailed(error),
        });
  await untilSignal(headgate, logger, () => {
    watcher?.start();
    const listen = config.listen.map(({ address }, i) => hostPort(address, headgate.ports[i] ?? 0));
    logger.info({ listen, ports: headgate.ports, admin: headgate.adminPort }, 'serving');
  });
  await watcher?.stop();
  return 0;
}
