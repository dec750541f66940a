import type { Logger } from '../telemetry/logger.ts';

export interface Stoppable {
  /** Resolves with false when something had to be cut. */
  shutdown(): Promise<boolean>;
}

const SIGNAL_NUMBERS = { SIGTERM: 15, SIGINT: 2 } as const;

/**
 * Waits for SIGTERM or SIGINT, then lets everything end in order. A second signal ends the process at once, with 128 and
 * the signal's number, as a shell would report it.
 */
export async function untilSignal(running: Stoppable, logger: Logger): Promise<void> {
  const first = await firstSignal();
  logger.info({ signal: first }, 'draining; a second signal ends at once');
  const clean = await running.shutdown();
  logger.info(clean ? 'every request was answered' : 'drain.timeout is over: what was left has been cut');
}

function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let seen = false;
    const onSignal = (signal: NodeJS.Signals, number: number): void => {
      if (seen) process.exit(128 + number);
      seen = true;
      resolve(signal);
    };
    process.on('SIGTERM', () => onSignal('SIGTERM', SIGNAL_NUMBERS.SIGTERM));
    process.on('SIGINT', () => onSignal('SIGINT', SIGNAL_NUMBERS.SIGINT));
  });
}
