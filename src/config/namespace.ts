import { Refusal } from './refusal.ts';
import { parseText } from './values.ts';

/** RFC 1123 label, at most 63 characters: what Kubernetes takes as the name of a namespace. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** The name of a namespace. */
export function parseNamespace(value: unknown): string {
  const name = parseText(value);
  if (LABEL.test(name)) return name;
  const remedy = 'at most 63 lower-case letters, digits and "-"; leave namespaces out to read all';
  throw new Refusal(`is no name of a namespace: ${JSON.stringify(name)}`, remedy);
}
