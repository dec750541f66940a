import { RE2JS } from 're2js';

/**
 * Compiles an expression of a header rule: RE2 syntax, which has no backtracking, so that no header value can make a
 * match slow. It must match the WHOLE value, as Istio's `regex` does: `a` does not match `ab`.
 * Throws an Error that says what is wrong with the expression.
 */
export function compileRegex(pattern: string): (value: string) => boolean {
  const expression = RE2JS.compile(pattern);
  return (value) => expression.testExact(value);
}
