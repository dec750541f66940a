import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { LogOutput } from './log-output.ts';

export type { Logger } from 'pino';

export interface LoggerOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Which worker writes, in each line; absent: none does. */
  readonly worker?: number;
  /** Where the lines go; standard output unless given. */
  readonly destination?: DestinationStream;
}

/**
 * JSON lines: level by name, ISO 8601 time, message, fields. Written at once, so that the last words of a process that
 * ends are not lost; what is written often belongs in the access log.
 */
export function createLogger({ level, worker, destination = new LogOutput() }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: worker === undefined ? null : { worker },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}
