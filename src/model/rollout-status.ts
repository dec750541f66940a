import { z } from 'zod';
import { flag, integer, list, text } from './fields.ts';

/** `status` of a Rollout, as far as it says where traffic goes. Phase, pauses and analyses never do. */
export interface RolloutStatus {
  /** The generation that the controller has acted on, as a string; '' when not set. */
  readonly observedGeneration: string;
  /** Pod-template-hash of the version in production; '' until the controller has chosen one. */
  readonly stableRS: string;
  /** Pod-template-hash of the version asked for; '' until the controller has seen it. */
  readonly currentPodHash: string;
  /** Null when not set, which means 0. The number of steps: all are done. */
  readonly currentStepIndex: number | null;
  readonly abort: boolean;
  readonly promoteFull: boolean;
  /** What a provider was told; null when there is no provider. */
  readonly weights: PublishedWeights | null;
  /** Why the controller does not act on the spec (condition InvalidSpec); '' when it does. */
  readonly refusal: string;
  /** Pod-template-hashes; '' while a Service is not switched to any. */
  readonly blueGreen: { readonly activeSelector: string; readonly previewSelector: string };
}

export interface PublishedWeights {
  readonly canary: PublishedWeight;
  readonly stable: PublishedWeight;
  /** The templates of the experiment step. */
  readonly additional: readonly PublishedWeight[];
}

interface PublishedWeight {
  /** Can be negative: the controller takes what is left of the maximum. */
  readonly weight: number;
  readonly hash: string;
  /** '' with pingPong. */
  readonly service: string;
}

const weight = z
  .object({ weight: integer, podTemplateHash: text, serviceName: text })
  .nullish()
  .transform(
    (value): PublishedWeight => ({
      weight: value?.weight ?? 0,
      hash: value?.podTemplateHash ?? '',
      service: value?.serviceName ?? '',
    }),
  );

const weights = z.object({ canary: weight, stable: weight, additional: list(weight) });

const NOT_SEEN_YET: RolloutStatus = {
  observedGeneration: '',
  stableRS: '',
  currentPodHash: '',
  currentStepIndex: null,
  abort: false,
  promoteFull: false,
  weights: null,
  refusal: '',
  blueGreen: { activeSelector: '', previewSelector: '' },
};

/** `status`; a Rollout that the controller has not seen yet has none. */
export const rolloutStatus = z
  .object({
    observedGeneration: z
      .union([z.string(), z.number()])
      .nullish()
      .transform((value) => String(value ?? '')),
    stableRS: text,
    currentPodHash: text,
    currentStepIndex: integer,
    abort: flag,
    promoteFull: flag,
    canary: z.object({ weights: weights.nullish() }).nullish(),
    blueGreen: z.object({ activeSelector: text, previewSelector: text }).nullish(),
    conditions: list(z.object({ type: text, status: text, message: text })),
  })
  .nullish()
  .transform((status): RolloutStatus => {
    if (!status) return NOT_SEEN_YET;
    const { canary, blueGreen, conditions, ...rest } = status;
    const invalid = conditions.find(({ type, status }) => type === 'InvalidSpec' && status === 'True');
    const refusal = invalid === undefined ? '' : invalid.message || 'it does not say why';
    return { ...rest, refusal, weights: canary?.weights ?? null, blueGreen: blueGreen ?? NOT_SEEN_YET.blueGreen };
  });
