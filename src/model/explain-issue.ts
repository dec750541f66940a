import type { $ZodIssue } from 'zod/v4/core';
import { describeValue } from '../common/describe-value.ts';
import type { Mistake } from './mistake.ts';

/** What a schema's word for a kind of value means to the author of a manifest, and how such a value is written. */
const KINDS: Readonly<Record<string, readonly [kind: string, remedy: string]>> = {
  string: ['a string', 'write a text, in quotes if it looks like a number'],
  // Every number of these objects is a whole one.
  number: ['a whole number', 'write a whole number, without quotes'],
  int: ['a whole number', 'write a whole number, without quotes'],
  boolean: ['true or false', 'write true or false, without quotes'],
  array: ['a list', 'begin each item with "- "'],
  object: ['a map', 'write "name: value" for each of its fields'],
  record: ['a map', 'write "name: value" for each of its fields'],
};

/** A schema's issue with an object, in the words of its author. `value` is what was found; undefined: nothing. */
export function explainIssue(issue: $ZodIssue, value: unknown): Mistake {
  const { path } = issue;
  if (issue.code === 'custom') {
    const remedy: unknown = issue.params?.['remedy'];
    return { path, message: issue.message, remedy: typeof remedy === 'string' ? remedy : 'correct it' };
  }
  if (issue.code === 'invalid_type') return { path, ...wrongKind([issue.expected], value) };
  if (issue.code === 'invalid_union') {
    const branches = issue.errors.flatMap(([first]) => first ?? []);
    // A branch that looked into the value had the right kind; the others did not come so far.
    const closest = branches.find((branch) => branch.code === 'custom');
    if (closest !== undefined) return { ...explainIssue(closest, value), path };
    const kinds = branches.flatMap((branch) => (branch.code === 'invalid_type' ? branch.expected : []));
    return { path, ...wrongKind(kinds, value) };
  }
  if (issue.code === 'too_small' && value === '') return { path, message: 'is empty', remedy: 'write a name' };
  return { path, message: `is not usable: ${issue.message}`, remedy: 'correct it' };
}

function wrongKind(expected: readonly string[], value: unknown): Omit<Mistake, 'path'> {
  const known = expected.flatMap((kind) => (KINDS[kind] === undefined ? [] : [KINDS[kind]]));
  const wanted = known.map(([kind]) => kind).join(' or ');
  if (value === undefined) return { message: 'is missing', remedy: `it must be ${wanted}` };
  const message = `must be ${wanted}, not ${describeValue(value)}`;
  if (expected.length === 1 && expected[0] === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
    return { message, remedy: `write it in quotes: "${value}"` };
  }
  if (
    expected.some((kind) => kind === 'int' || kind === 'number') &&
    typeof value === 'string' &&
    /^-?\d+$/.test(value)
  ) {
    return { message, remedy: `write it without quotes: ${Number(value)}` };
  }
  return { message, remedy: known.map(([, remedy]) => remedy).join(', or ') };
}
