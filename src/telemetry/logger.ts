import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';

export type { Logger } from 'pino';

export interface LoggerOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Where the lines go; standard output unless given. */
  readonly destination?: DestinationStream;
}

/**
 * JSON lines: level by name, ISO 8601 time, message, fields. Written at once, so that the last words of a process that
 * ends are not lost; what is written often belongs in the access log.
 */
export function createLogger({ level, destination = standardOutput() }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}

function standardOutput(): DestinationStream {
  const destination = pino.destination({ dest: 1, sync: true });
  // A full disk, or a reader that is gone, must not end the process.
  destination.on('error', () => {});
  return destination;
}
