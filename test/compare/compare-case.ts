/** One row of docs/conformance.md: raw bytes (latin1) that each proxy gets. */
export interface CompareCase {
  /** Its name in the table, the only one of its side. */
  readonly name: string;
  readonly bytes: string;
}

export type CaseList = readonly (readonly [name: string, bytes: string])[];

export interface CaseGroup {
  readonly title: string;
  readonly cases: readonly CompareCase[];
}

export function group(title: string, list: CaseList): CaseGroup {
  return { title, cases: list.map(([name, bytes]) => ({ name, bytes })) };
}
