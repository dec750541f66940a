import type { Certificate } from '../../../bench/certificate.ts';
import type { Children } from '../../../bench/children.ts';
import type { BenchVersion } from '../../../bench/routing.ts';

/** One kind of cost. */
export interface Scenario {
  readonly name: string;
  readonly run: (context: Context) => Promise<void>;
}

/** What a scenario works with: the bench's upstream and certificate, and somewhere to tell what was found. */
export interface Context {
  /** Whatever is started here ends with the suite. */
  readonly children: Children;
  readonly versions: readonly BenchVersion[];
  readonly certificate: Certificate;
  /** Whether to say who allocates, whatever the bounds say. */
  readonly who: boolean;
  readonly say: (text: string) => void;
  /** A demand, as a sentence; it is counted as one test. `found` says what was seen where it is not met. */
  readonly check: (sentence: string, holds: boolean, found: string) => void;
}
