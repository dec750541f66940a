/** The share of one version. Weights are integers >= 0; those of all shares have the maximum as their sum. */
export interface SplitShare {
  /** What the version is to the Rollout now; `experiment`: a template of its experiment step. */
  readonly role: 'stable' | 'canary' | 'experiment';
  /** '' where the controller published an experiment template's weight without it. */
  readonly hash: string;
  /** An experiment template's Service, which tells two templates of one hash apart; '' for the others. */
  readonly service: string;
  readonly weight: number;
}
