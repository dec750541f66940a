import type { Logger } from '../telemetry/logger.ts';

/** What is run: a Headgate. */
export interface Running {
  /** Resolves when it serves. */
  start(): Promise<void>;
  /** Resolves with false when something had to be cut. */
  shutdown(options: { readonly skipDelay: boolean }): Promise<boolean>;
}

const SIGNAL_NUMBERS = { SIGTERM: 15, SIGINT: 2 } as const;
/**
 * One Ctrl-C may arrive twice: from the terminal, and from npm, which passes on what it gets itself. Nobody presses a key
 * again as fast as this.
 */
const ECHO_MS = 250;

/**
 * Starts, waits for SIGTERM or SIGINT, then lets everything end in order. A second signal ends the process at once, with
 * 128 and the signal's number, as a shell would report it.
 * @param onStarted called when it serves
 * @param other resolves when something else than a signal is to end it
 * @throws what `start` throws
 */
export async function untilSignal(
  running: Running,
  logger: Logger,
  onStarted: () => void,
  other?: Promise<NodeJS.Signals>,
): Promise<void> {
  // From the first moment: a signal without a handler ends the process as a failure, or not at all where it is PID 1.
  const signal = Promise.race([firstSignal(logger), ...(other === undefined ? [] : [other])]);
  const early = await Promise.race([running.start(), signal]);
  // Nothing is served yet, so there is nothing to drain.
  if (early !== undefined) process.exit(0);
  onStarted();
  const by = await signal;
  logger.info({ signal: by }, 'draining; a second signal ends at once');
  // Ctrl-C: no load balancer sends requests to somebody's terminal.
  const clean = await running.shutdown({ skipDelay: by === 'SIGINT' && process.stdin.isTTY });
  logger.info(clean ? 'every request was answered' : 'drain.timeout is over: what was left has been cut');
}

function firstSignal(logger: Logger): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstAt: number | null = null;
    const onSignal = (signal: NodeJS.Signals, number: number): void => {
      if (firstAt === null) {
        firstAt = performance.now();
        resolve(signal);
      } else if (performance.now() - firstAt >= ECHO_MS) {
        logger.warn({ signal }, 'a second signal: what is left is cut');
        process.exit(128 + number);
      }
    };
    process.on('SIGTERM', () => onSignal('SIGTERM', SIGNAL_NUMBERS.SIGTERM));
    process.on('SIGINT', () => onSignal('SIGINT', SIGNAL_NUMBERS.SIGINT));
  });
}
