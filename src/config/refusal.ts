/** Thrown by the parser of one value: what is wrong with it and what to write instead. Where it stands is added by the caller. */
export class Refusal extends Error {
  readonly remedy: string | null;

  constructor(message: string, remedy: string | null = null) {
    super(message);
    this.remedy = remedy;
  }

  /** For a value of the wrong kind: `must be a string, not the number 5`. Undefined counts as missing. */
  static kind(wanted: string, value: unknown, remedy: string | null = null): Refusal {
    if (value === undefined) return new Refusal('is missing', remedy ?? `it must be ${wanted}`);
    return new Refusal(`must be ${wanted}, not ${describe(value)}`, remedy);
  }
}

function describe(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${value}`;
  return 'a map';
}
