import { z } from 'zod';
import { list, metadata, ownerOf, text } from './fields.ts';
import { type Parsed, parseObject } from './parsed.ts';

/** An Experiment: its templates are versions that only a header, or a Rollout's experiment step, leads to. */
export interface Experiment {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The annotation `headgate.dev/token`; '' when it has none. */
  readonly token: string;
  /** Name of the Rollout whose step made it; '' when it stands alone. */
  readonly rollout: string;
  /** Phase Running and not being deleted: the only time at which its pods may get traffic, ready or not. */
  readonly running: boolean;
  /** In the order of the spec. */
  readonly templates: readonly ExperimentTemplate[];
}

export interface ExperimentTemplate {
  readonly name: string;
  /** Its pod-template-hash; '' while its status has none (it is there only with a Service). */
  readonly hash: string;
  /** Its Service; '' while it has none. */
  readonly service: string;
}

const TOKEN_ANNOTATION = 'headgate.dev/token';

const templateStatus = z.object({ name: text, podTemplateHash: text, serviceName: text });

const schema = z
  .object({
    metadata,
    spec: z.object({ templates: list(z.object({ name: z.string().min(1) })) }),
    status: z
      .object({ phase: text, templateStatuses: list(templateStatus) })
      .nullish()
      .transform((status) => status ?? { phase: '', templateStatuses: [] }),
  })
  .transform(
    ({ metadata, spec, status }): Experiment => ({
      namespace: metadata.namespace,
      name: metadata.name,
      uid: metadata.uid,
      token: metadata.annotations?.[TOKEN_ANNOTATION] ?? '',
      rollout: ownerOf(metadata.ownerReferences, 'Rollout')?.name ?? '',
      running: status.phase === 'Running' && metadata.deletionTimestamp === '',
      templates: spec.templates.map(({ name }) => {
        const state = status.templateStatuses.find((candidate) => candidate.name === name);
        return { name, hash: state?.podTemplateHash ?? '', service: state?.serviceName ?? '' };
      }),
    }),
  );

/** An argoproj.io Experiment as the API serves it. Only what Headgate uses is kept. */
export function parseExperiment(object: unknown): Parsed<Experiment> {
  return parseObject('Experiment', schema, object);
}
