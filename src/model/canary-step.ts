import { z } from 'zod';
import { flag, integer, list, text } from './fields.ts';

/** One step of a canary strategy. Exactly one kind each, as the controller's validation demands. */
export type CanaryStep =
  | { readonly kind: 'setWeight'; readonly weight: number }
  | {
      readonly kind: 'setCanaryScale';
      /** Null when not set; at most one of `replicas` and `weight` is. */
      readonly replicas: number | null;
      readonly weight: number | null;
      readonly matchTrafficWeight: boolean;
    }
  | {
      readonly kind: 'setHeaderRoute';
      readonly name: string;
      /** Null: the step removes the route of that name. */
      readonly match: readonly StepHeaderMatch[] | null;
    }
  /** Pauses, analyses, experiments, mirrors, plugins: they say nothing about where a request goes. */
  | { readonly kind: 'other' };

export interface StepHeaderMatch {
  /** As written; '' when missing. */
  readonly header: string;
  /** Null: the step gives no value. */
  readonly value: { readonly kind: 'exact' | 'prefix' | 'regex'; readonly value: string } | null;
}

const headerMatch = z
  .object({ headerName: text, headerValue: z.object({ exact: text, prefix: text, regex: text }).nullish() })
  .transform(({ headerName, headerValue }): StepHeaderMatch => {
    // Go's zero value: an empty string means that this kind of match is not the one that was written.
    const exact = headerValue?.exact ?? '';
    const prefix = headerValue?.prefix ?? '';
    const regex = headerValue?.regex ?? '';
    let value: StepHeaderMatch['value'] = null;
    if (exact !== '') value = { kind: 'exact', value: exact };
    else if (prefix !== '') value = { kind: 'prefix', value: prefix };
    else if (regex !== '') value = { kind: 'regex', value: regex };
    return { header: headerName, value };
  });

const step = z.object({
  setWeight: integer,
  setCanaryScale: z.object({ replicas: integer, weight: integer, matchTrafficWeight: flag }).nullish(),
  setHeaderRoute: z.object({ name: text, match: z.array(headerMatch).nullish() }).nullish(),
});

/** `spec.strategy.canary.steps`. */
export const canarySteps = list(
  step.transform(({ setWeight, setCanaryScale, setHeaderRoute }): CanaryStep => {
    if (setWeight !== null) return { kind: 'setWeight', weight: setWeight };
    if (setCanaryScale) return { kind: 'setCanaryScale', ...setCanaryScale };
    if (setHeaderRoute) {
      const match = setHeaderRoute.match ?? [];
      return { kind: 'setHeaderRoute', name: setHeaderRoute.name, match: match.length === 0 ? null : match };
    }
    return { kind: 'other' };
  }),
);
