import { ConfigError } from './config-error.ts';
import { FilePoller } from './file-poller.ts';
import { fileStamp } from './file-stamp.ts';
import { type Loaded, loadConfig } from './load.ts';

export interface ConfigWatcherHandlers {
  /** A change that was found right. */
  readonly onChange: (loaded: Loaded) => void;
  /** A change that was not: what was loaded before stays in force. */
  readonly onError: (error: ConfigError) => void;
}

/** Loads the configuration file again whenever it changes, or a file that it names for TLS. */
export class ConfigWatcher {
  readonly #poller: FilePoller;
  readonly #path: string;
  readonly #handlers: ConfigWatcherHandlers;
  #loaded: Loaded;
  /** What is looked at: what the last attempt read, right or wrong. */
  #files: readonly string[];
  #failed = false;

  /**
   * @param path as given to `loadConfig`, so that messages stay the same
   * @param loaded what is in force; only what differs from it is reported
   * @param intervalMs between two looks
   */
  constructor(path: string, loaded: Loaded, handlers: ConfigWatcherHandlers, intervalMs = 1000) {
    this.#path = path;
    this.#handlers = handlers;
    this.#loaded = loaded;
    this.#files = [...loaded.stamps.keys()];
    this.#poller = new FilePoller(
      async () => this.#files,
      (changed) => this.#reload(changed),
      intervalMs,
      loaded.stamps,
    );
  }

  start(): void {
    this.#poller.start();
  }

  /** Resolves when no handler is running and none will be called. */
  async stop(): Promise<void> {
    await this.#poller.stop();
  }

  async #reload(changed: readonly string[]): Promise<void> {
    if (!this.#failed && (await this.#isLoaded(changed))) return;
    try {
      this.#loaded = await loadConfig(this.#path, this.#loaded.source);
      this.#files = [...this.#loaded.stamps.keys()];
      this.#failed = false;
      this.#handlers.onChange(this.#loaded);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#failed = true;
      this.#files = [...new Set([this.#loaded.file, ...error.files])];
      this.#handlers.onError(error);
    }
  }

  /** A file that the configuration has begun or ceased to name is news to the poller, and nothing more. */
  async #isLoaded(changed: readonly string[]): Promise<boolean> {
    const { stamps } = this.#loaded;
    const looks = await Promise.all(
      changed.map(async (file) => (this.#files.includes(file) ? stamps.get(file) === (await fileStamp(file)) : true)),
    );
    return looks.every((same) => same);
  }
}
