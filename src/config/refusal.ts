import { describeValue } from '../common/describe-value.ts';

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
    return new Refusal(`must be ${wanted}, not ${describeValue(value)}`, remedy);
  }
}
