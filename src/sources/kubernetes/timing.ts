/** Every wait of the Kubernetes source, in milliseconds. */
export interface Timing {
  /** An event is published when none came for this long, */
  readonly quietMs: number;
  /** and no later than this after the first. */
  readonly mostMs: number;
  /** The wait after a first failure. */
  readonly backoffMs: number;
  /** From the start of a request to the end of the response's head. */
  readonly headMs: number;
  /** A list that sends nothing for this long is dead. */
  readonly listSilenceMs: number;
  /** How long the server is asked to keep a watch, from and to. */
  readonly watchMs: readonly [number, number];
  /** How much longer than that a watch may be silent. */
  readonly slackMs: number;
  /** The same for a watch that has had a bookmark; the API server sends one a minute. */
  readonly bookmarkSilenceMs: number;
  /** A watch that has lived for this long, or has had an event, works. */
  readonly provenMs: number;
}

export const TIMING: Timing = {
  quietMs: 20,
  mostMs: 100,
  backoffMs: 100,
  headMs: 10_000,
  listSilenceMs: 30_000,
  watchMs: [300_000, 600_000],
  slackMs: 10_000,
  bookmarkSilenceMs: 180_000,
  provenMs: 1_000,
};
