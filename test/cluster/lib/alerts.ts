import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const RULES = join(import.meta.dirname, '../../../config/prometheus/headgate.rules.yaml');

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert?: string; readonly expr: string }[] }[];
}

/** What a shipped alert asks. @throws Error where there is none of the name */
export function alertExpression(name: string): string {
  const { groups }: Rules = parse(readFileSync(RULES, 'utf8'));
  const found = groups.flatMap(({ rules }) => rules).find(({ alert }) => alert === name);
  if (found === undefined) throw new Error(`${RULES} has no alert ${name}`);
  return found.expr;
}
