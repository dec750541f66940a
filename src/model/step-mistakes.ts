import type { Path } from '../common/format-path.ts';
import { asList, asRecord, valueAt } from '../common/records.ts';
import { suggest } from '../common/suggest.ts';
import type { CanaryStep } from './canary-step.ts';
import type { Mistake } from './mistake.ts';

/** What a step can be, as of Argo Rollouts 1.9 (`CanaryStep` in pkg/apis/rollouts/v1alpha1/types.go). */
const KINDS = [
  'setWeight',
  'pause',
  'experiment',
  'analysis',
  'setCanaryScale',
  'setHeaderRoute',
  'setMirrorRoute',
  'plugin',
];

const STEPS: Path = ['spec', 'strategy', 'canary', 'steps'];

/**
 * Steps that are understood, but cannot be meant as they are written: the controller refuses the Rollout for them. A kind
 * that a future controller knows is only told of, and moves no traffic.
 *
 * @param rollout as it came
 * @param maximum what all weights are out of
 */
export function stepMistakes(rollout: unknown, steps: readonly CanaryStep[], maximum: number): readonly Mistake[] {
  return asList(valueAt(rollout, STEPS)).flatMap((raw, index) => {
    const step = steps[index];
    const path = [...STEPS, index];
    const written = Object.entries(asRecord(raw)).flatMap(([kind, value]) => (value === null ? [] : [kind]));
    const unknown = written.filter((kind) => !KINDS.includes(kind)).map((kind) => unknownKind([...path, kind], kind));
    if (unknown.length > 0) return unknown;
    if (step?.kind === 'setWeight' && (step.weight < 0 || step.weight > maximum)) {
      return [weightOutOfRange([...path, 'setWeight'], step.weight, maximum)];
    }
    if (written.length > 1) return [severalKinds(path, written, step)];
    return written.length === 0 ? [{ path, message: 'says nothing to do', remedy: `write one of ${listed()}` }] : [];
  });
}

function unknownKind(path: Path, kind: string): Mistake {
  const near = suggest(kind, KINDS);
  return {
    path,
    message: 'is not a kind of step that Headgate knows: the step moves no traffic',
    remedy: near === null ? `one of ${listed()}; if your controller knows it, leave it` : `did you mean ${near}?`,
  };
}

function weightOutOfRange(path: Path, weight: number, maximum: number): Mistake {
  return {
    path,
    message: `must be from 0 to ${maximum}, not ${weight}: the controller refuses it, Headgate takes it as ${weight < 0 ? 0 : maximum}`,
    remedy: `write a weight from 0 to ${maximum}`,
  };
}

function severalKinds(path: Path, written: readonly string[], step: CanaryStep | undefined): Mistake {
  const taken = step === undefined || step.kind === 'other' ? 'none of them' : step.kind;
  return {
    path,
    message: `says several things (${written.join(', ')}): the controller refuses it, Headgate follows ${taken}`,
    remedy: 'write a step for each',
  };
}

function listed(): string {
  return KINDS.join(', ');
}
