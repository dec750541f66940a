/** Headgate's configuration where its replicas judge together. */
export function verdictConfig(): string {
  return `
listen: { address: 0.0.0.0, port: 8080 }
admin: { address: 0.0.0.0, port: 8081 }
source: { kubernetes: {} }
analysis: { peers: "headgate-admin:8081" }
`;
}

/** What `/api/analysis` answers, as far as scenarios look at it. */
export interface VerdictAnswer {
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
  readonly reason: string;
  readonly candidate: { readonly version: string; readonly attempts: number | null };
  readonly metrics: readonly { readonly name: string; readonly verdict: string }[];
  readonly peers: { readonly asked: number; readonly missing: readonly string[] };
}
