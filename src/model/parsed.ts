import type { z } from 'zod';
import { deepFreeze } from '../common/deep-freeze.ts';
import { formatPath, type Path } from '../common/format-path.ts';
import { valueAt } from '../common/records.ts';
import { explainIssue } from './explain-issue.ts';
import type { Mistake } from './mistake.ts';
import type { Problem } from './problem.ts';

/** A problem of an object: its place is the object, `Rollout shop/web`, and its message begins with the path. */
export interface ObjectProblem extends Problem {
  /** From the object to the mistake, for a source that knows lines. */
  readonly path: Path;
}

/** What a parser of Kubernetes objects returns: a frozen value, or why the object cannot be understood. */
export type Parsed<T> =
  /** `problems`: what is wrong with it all the same, and how Headgate takes it. */
  | { readonly ok: true; readonly value: T; readonly problems: readonly ObjectProblem[] }
  /** `problems`: every mistake, at least one. */
  | { readonly ok: false; readonly problems: readonly ObjectProblem[] };

/**
 * Runs `schema` over an object from outside.
 * @param remarks finds what is wrong with an object that can be understood
 */
export function parseObject<T>(
  kind: string,
  schema: z.ZodType<T>,
  object: unknown,
  remarks: (object: unknown, value: T) => readonly Mistake[] = () => [],
): Parsed<T> {
  const place = describeObject(kind, object);
  const problem = ({ path, message, remedy }: Mistake): ObjectProblem => ({
    place,
    path,
    message: `${formatPath(path) || 'the object'} ${message}`,
    remedy,
  });
  const result = schema.safeParse(object);
  if (result.success) {
    return { ok: true, value: deepFreeze(result.data), problems: remarks(object, result.data).map(problem) };
  }
  const mistakes = result.error.issues.map((issue) => explainIssue(issue, valueAt(object, issue.path)));
  return { ok: false, problems: mistakes.map(problem) };
}

/** `Rollout shop/web`, with `?` for a name that is not there. */
function describeObject(kind: string, object: unknown): string {
  const name = valueAt(object, ['metadata', 'name']);
  const namespace = valueAt(object, ['metadata', 'namespace']) || 'default';
  return `${kind} ${typeof namespace === 'string' ? namespace : '?'}/${typeof name === 'string' ? name : '?'}`;
}
