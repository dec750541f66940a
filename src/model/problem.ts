/** Something that is not as its author meant it; Headgate goes on without it. */
export interface Problem {
  /** The object (`Rollout shop/web`) or the file (`manifests/web.yaml:12`, `headgate.yaml:12 routes[0]`). */
  readonly place: string;
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}
