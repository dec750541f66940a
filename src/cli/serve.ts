import { loadConfig } from '../config/load.ts';
import { ConfigWatcher } from '../config/watch.ts';
import { Headgate } from '../control/headgate.ts';
import { FilesSource } from '../sources/files.ts';
import { createLogger } from '../telemetry/logger.ts';
import type { ExitCode } from './exit-code.ts';
import { untilSignal } from './until-signal.ts';
import { version } from './version.ts';

export interface ServeOptions {
  readonly config: string;
}

/**
 * Serves until a signal ends it.
 * @throws ConfigError when the configuration has mistakes, ListenError when an address cannot be had
 */
export async function serve(options: ServeOptions): Promise<ExitCode> {
  const loaded = await loadConfig(options.config);
  const { config } = loaded;
  const logger = createLogger({ level: config.log.level });
  const source = config.source === null ? null : new FilesSource(config.source.files);
  const headgate = new Headgate({ config, source, logger, version: version() });
  const watcher = new ConfigWatcher(options.config, loaded, {
    onChange: (changed) => headgate.reload(changed.config),
    onError: (error) => headgate.reloadFailed(error.message),
  });
  await untilSignal(headgate, logger, () => {
    watcher.start();
    const listen = config.listen.map(({ address }, i) => hostPort(address, headgate.ports[i]));
    logger.info({ listen, ports: headgate.ports, admin: headgate.adminPort }, 'serving');
  });
  await watcher.stop();
  return 0;
}

function hostPort(address: string, port = 0): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
