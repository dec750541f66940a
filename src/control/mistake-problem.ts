import type { Mistake } from '../config/config-error.ts';
import type { Problem } from '../model/problem.ts';

/** A mistake of a configuration that is not applied, to stand among the problems. */
export function mistakeProblem({ file, line, path, message, remedy }: Mistake): Problem {
  const place = line === 0 ? file : `${file}:${line} ${path}`.trimEnd();
  return {
    place,
    message: `${message}; the configuration before stays in force`,
    remedy: remedy ?? 'correct it: it is read again by itself',
  };
}
