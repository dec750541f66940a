/** What `gateway.ts` is started with. */
export interface GatewayStart {
  readonly rollouts: number;
  readonly podsOfEach: number;
  /** What tells routes apart: the names of the Services, or paths, of which the first Rollout has BUSY_PATH. */
  readonly by: 'host' | 'path';
  /** Of the first Rollout's route; 0: as its Rollout says. */
  readonly rules: number;
  readonly changes: Changes;
  readonly port: number;
  readonly adminPort: number;
  readonly upstreamPort: number;
}

/** While they are on. */
export interface Changes {
  /** Milliseconds from one table to the next; 0: none. */
  readonly tableMs: number;
  /** Events of Pods a second; 0: none. */
  readonly pods: number;
}

export const BUSY_PATH = '/121.txt';
