/** What `/api/analysis` answers, as far as scenarios look at it. */
export interface VerdictAnswer {
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
  readonly reason: string;
  readonly candidate: { readonly version: string; readonly attempts: number | null };
  readonly metrics: readonly { readonly name: string; readonly verdict: string }[];
  readonly peers: { readonly asked: number; readonly missing: readonly string[] };
}
