import type { Rollout, RolloutSpec } from '../model/rollout.ts';
import type { LastWeight } from './weights.ts';

/** What one compilation of a Rollout leaves to the next. Plain data. */
export interface RolloutMemory {
  /** Of the Rollout that this is about: one that is created again under its name starts afresh. */
  readonly uid: string;
  /** The last spec that the controller had acted on. */
  readonly spec: RolloutSpec;
  readonly last: LastWeight | null;
}

/** What a compilation leaves to the next, by `namespace/name` of the Rollout. Plain data; `{}` at the start. */
export type CompileMemory = Readonly<Record<string, RolloutMemory>>;

/**
 * The Rollout to route by. Between a change of its spec and the controller's answer (`status.observedGeneration` differs
 * from `metadata.generation`) new steps would meet an old index, so the status is read with the spec that it belongs to.
 * Without memory of that spec there is only the new one.
 */
export function heldRollout(rollout: Rollout, memory: RolloutMemory | null): Rollout {
  if (memory === null || memory.uid !== rollout.uid || isInSync(rollout)) return rollout;
  return { ...rollout, spec: memory.spec };
}

function isInSync({ generation, status }: Rollout): boolean {
  return generation === null || status.observedGeneration === '' || status.observedGeneration === String(generation);
}
