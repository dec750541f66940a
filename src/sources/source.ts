import type { Problem } from '../model/problem.ts';
import type { Snapshot } from '../model/snapshot.ts';

/** Where Rollouts, Experiments, Services and Pods come from. */
export interface Source {
  /** What kind of place it is: a label's value. */
  readonly kind: 'kubernetes' | 'files' | 'demo';
  /** Everything has been read once: a snapshot is complete, though perhaps no longer the newest. */
  readonly synced: boolean;
  /** When something was last heard, in milliseconds since the epoch; null: never. */
  readonly lastEventAt: number | null;
  /** What cannot be read at the moment. What was read before stays in force. */
  readonly problems: readonly Problem[];

  /**
   * Resolves after the first complete snapshot was handed to `onChange`, which is called again after every change of the
   * objects or of `problems`.
   */
  start(onChange: (snapshot: Snapshot) => void): Promise<void>;

  /** Resolves when `onChange` will not be called again. */
  stop(): Promise<void>;
}
