import fc from 'fast-check';
import type { Test } from 'tap';

/** How often each fate was seen, to know that the fuzzing reaches it. */
export type Tally = Map<string, number>;

/** Tries cases, one after the other. */
export type Lane<Case> = (one: Case) => Promise<void>;

/** How long to look. */
export interface Budget {
  readonly seed: number;
  /** Cases in all. */
  readonly runs: number;
  /** Ends sooner after so many seconds. */
  readonly seconds?: number;
  /** Looks for the smallest failing case. One that waits in vain makes that slow. */
  readonly shrink?: boolean;
}

/** Cases that run at the same time: sockets wait for turns of the event loop more than for the processor. */
const LANES = 8;

/** Tries cases in several lanes at once. Throws fast-check's report, the smallest failing case in it. Resolves with the fates seen. */
export async function campaign<Case>(
  t: Test,
  cases: fc.Arbitrary<Case>,
  makeLane: (t: Test, tally: Tally) => Promise<Lane<Case>>,
  { seed, runs, seconds, shrink = false }: Budget,
): Promise<Tally> {
  const tally: Tally = new Map();
  const limit =
    seconds === undefined
      ? { endOnFailure: !shrink }
      : { endOnFailure: !shrink, interruptAfterTimeLimit: seconds * 1_000 };
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    const tryOne = await makeLane(t, tally);
    const property = fc.asyncProperty(cases, tryOne);
    await fc.assert(property, { seed: seed + lane, numRuns: Math.ceil(runs / LANES), ...limit });
  });
  await Promise.all(lanes);
  return tally;
}
