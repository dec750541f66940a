/** One thing that was demanded and did not happen. No findings: the scenario passes. */
export interface Finding {
  readonly demand: 'no failure' | 'share' | 'header' | 'usable pods' | 'table' | 'convergence';
  /** One line, with figures. */
  readonly message: string;
}
