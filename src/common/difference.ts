/**
 * What only the one list has, and what only the other; no value is in a list twice. Of long lists that differ in few places each
 * place is looked at once, and no more.
 */
export function difference<T>(
  before: readonly T[],
  after: readonly T[],
): readonly [gone: ReadonlySet<T>, came: ReadonlySet<T>] {
  if (before === after) return [new Set(), new Set()];
  const gone = new Set(before.filter((value, i) => value !== after[i]));
  const came = new Set(after.filter((value, i) => value !== before[i]));
  // Something may only be at another place.
  for (const value of gone) if (came.delete(value)) gone.delete(value);
  return [gone, came];
}
