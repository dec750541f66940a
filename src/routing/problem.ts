/** Something that is not as its author meant it; routing goes on without it. */
export interface Problem {
  /** The object (`Rollout shop/web`) or the place in the configuration (`headgate.yaml:12 routes[0]`). */
  readonly place: string;
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}
