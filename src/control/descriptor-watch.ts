import { closeSync, openSync } from 'node:fs';
import type { Logger } from '../telemetry/logger.ts';

const LOOK_MS = 1_000;

/**
 * Says in the log when no file can be opened any more, and when it can again. Nothing else would: libuv then takes a client's
 * connection and closes it at once, and tells nobody (uv__emfile_trick).
 */
export class DescriptorWatch {
  readonly #logger: Pick<Logger, 'error' | 'info'>;
  readonly #timer: NodeJS.Timeout;
  #code = '';

  constructor(logger: Pick<Logger, 'error' | 'info'>) {
    this.#logger = logger;
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const code = exhaustion();
    if (code === this.#code) return;
    this.#code = code;
    if (code === '') this.#logger.info('files can be opened again');
    else {
      this.#logger.error(
        { code, remedy: 'raise the limit of open files, or lower limits.connections' },
        'no file can be opened any more: connections of clients are closed as they come',
      );
    }
  }
}

/** EMFILE: this process has as many as it may; ENFILE: the whole system has. Empty: neither. */
function exhaustion(): string {
  try {
    closeSync(openSync('/dev/null', 'r'));
    return '';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return code === 'EMFILE' || code === 'ENFILE' ? code : '';
  }
}
