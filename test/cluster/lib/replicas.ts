import type { Target } from '../load/target.ts';

/** The replicas of one Headgate, wherever they run. */
export interface Replicas {
  /** Where the ready ones take requests. */
  readonly targets: readonly Target[];
  /** Where the ready ones have their admin servers, each as `http://10.244.0.5:8081`. */
  readonly admins: readonly string[];
  /** Called at each change of the ready ones. */
  onChange(listener: () => void): void;
  /** The names of its Pods. @throws Skipped when it has none */
  pods(): Promise<readonly string[]>;
  close(): void;
}
