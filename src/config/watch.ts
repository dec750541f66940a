import { ConfigError } from './config-error.ts';
import { FilePoller } from './file-poller.ts';
import { type Loaded, loadConfig } from './load.ts';

export interface ConfigWatcherHandlers {
  /** A change that was found right. */
  readonly onChange: (loaded: Loaded) => void;
  /** A change that was not: what was loaded before stays in force. */
  readonly onError: (error: ConfigError) => void;
}

/** Loads the configuration file again whenever it changes. */
export class ConfigWatcher {
  readonly #poller: FilePoller;

  /**
   * @param path as given to `loadConfig`, so that messages stay the same
   * @param loaded what is in force; only what differs from it is reported
   * @param intervalMs between two looks
   */
  constructor(path: string, loaded: Loaded, handlers: ConfigWatcherHandlers, intervalMs = 1000) {
    this.#poller = new FilePoller(
      async () => [loaded.file],
      async () => {
        try {
          handlers.onChange(await loadConfig(path, loaded.source));
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          handlers.onError(error);
        }
      },
      intervalMs,
      new Map([[loaded.file, loaded.stamp]]),
    );
  }

  start(): void {
    this.#poller.start();
  }

  /** Resolves when no handler is running and none will be called. */
  async stop(): Promise<void> {
    await this.#poller.stop();
  }
}
