import type { Path } from '../common/format-path.ts';

/** Something in an object that its author cannot have meant. */
export interface Mistake {
  /** From the object to it. */
  readonly path: Path;
  /** Goes on from the path: `must be a string, not the number 5`. */
  readonly message: string;
  readonly remedy: string;
}
