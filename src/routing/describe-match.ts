import type { HeaderMatch } from './table.ts';

/** What a header has to be: `= "true"`, `begins with "a"`, `matches /a+/` or `is present`. */
export function describeMatch(match: HeaderMatch): string {
  if (match.kind === 'present') return 'is present';
  if (match.kind === 'regex') return `matches /${match.value}/`;
  return `${match.kind === 'exact' ? '=' : 'begins with'} ${JSON.stringify(match.value)}`;
}
