import type { z } from 'zod';

/** What a parser of Kubernetes objects returns: a frozen value, or the reason why the object cannot be understood. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** Runs `schema` over an object from outside; the reason of a refusal names the object and the path of the mistake. */
export function parseObject<T>(kind: string, schema: z.ZodType<T>, object: unknown): Parsed<T> {
  const result = schema.safeParse(object);
  if (result.success) return { ok: true, value: deepFreeze(result.data) };
  const mistakes = result.error.issues.map((issue) => `${pathOf(issue.path)}: ${issue.message}`);
  return { ok: false, reason: `${describeObject(kind, object)}: ${mistakes.join('; ')}` };
}

/** `Rollout shop/web`, with `?` for a name that is not there. */
function describeObject(kind: string, object: unknown): string {
  const metadata = property(object, 'metadata');
  const name = property(metadata, 'name');
  const namespace = property(metadata, 'namespace') ?? 'default';
  return `${kind} ${typeof namespace === 'string' ? namespace : '?'}/${typeof name === 'string' ? name : '?'}`;
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function pathOf(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : `${text === '' ? '' : '.'}${String(part)}`;
  return text === '' ? 'the object' : text;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
