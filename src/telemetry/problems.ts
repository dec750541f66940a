import type { Logger } from './logger.ts';

/** Something in the input that keeps a part of it from working. */
export interface Problem {
  /** Where: file and line, or object. */
  readonly place: string;
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** Logs each problem once when it appears and once when it is gone, however many tables are built in between. */
export class ProblemLog {
  readonly #logger: Pick<Logger, 'warn' | 'info'>;
  #current = new Map<string, Problem>();

  constructor(logger: Pick<Logger, 'warn' | 'info'>) {
    this.#logger = logger;
  }

  /** `problems`: all that there are now. */
  update(problems: readonly Problem[]): void {
    const next = new Map(problems.map((problem) => [JSON.stringify([problem.place, problem.message]), problem]));
    for (const [key, { place, message, remedy }] of next) {
      if (!this.#current.has(key)) this.#logger.warn({ place, remedy }, message);
    }
    for (const [key, { place, message }] of this.#current) {
      if (!next.has(key)) this.#logger.info({ place, problem: message }, 'problem solved');
    }
    this.#current = next;
  }
}
