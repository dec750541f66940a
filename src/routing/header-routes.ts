import { errorText } from '../common/error-text.ts';
import type { StepHeaderMatch } from '../model/canary-step.ts';
import type { Problem } from '../model/problem.ts';
import type { CanaryStrategy, Rollout } from '../model/rollout.ts';
import { compileRegex } from './regex.ts';
import type { HeaderMatch } from './table.ts';

/** One alternative of a header route that the Rollout's steps have set. Its traffic goes to the canary. */
export interface StepRule {
  /** The managed route's name. */
  readonly route: string;
  /** Lower case. */
  readonly header: string;
  readonly match: HeaderMatch;
}

/**
 * The header routes in force, replayed from the steps 0..current, since no status records them: the last setHeaderRoute
 * of a name wins, one without `match` removes the route; all are gone once the Rollout is fully promoted, promoted in
 * full or aborted. `managedRoutes` gives the order of precedence. Several matches of a route are alternatives, as Istio
 * has it (other providers demand all of them).
 */
export function headerRoutes(
  rollout: Rollout,
  strategy: CanaryStrategy,
): { readonly rules: readonly StepRule[]; readonly problems: readonly Problem[] } {
  const { stableRS, currentPodHash, abort, promoteFull, currentStepIndex } = rollout.status;
  const hasCanary = stableRS !== '' && currentPodHash !== '' && stableRS !== currentPodHash;
  if (!hasCanary || abort || promoteFull) return { rules: [], problems: [] };

  const routes = new Map<string, { readonly step: number; readonly match: readonly StepHeaderMatch[] }>();
  for (const [index, step] of strategy.steps.slice(0, (currentStepIndex ?? 0) + 1).entries()) {
    if (step.kind !== 'setHeaderRoute') continue;
    if (step.match === null) routes.delete(step.name);
    else routes.set(step.name, { step: index, match: step.match });
  }

  const managed = strategy.trafficRouting?.managedRoutes ?? [];
  const precedence = (name: string) => (managed.includes(name) ? managed.indexOf(name) : managed.length);
  const ordered = [...routes].sort(([a, { step }], [b, other]) => precedence(a) - precedence(b) || step - other.step);

  const rules: StepRule[] = [];
  const problems: Problem[] = [];
  for (const [route, { step, match }] of ordered) {
    for (const [index, alternative] of match.entries()) {
      const mistake = mistakeOf(alternative);
      if (mistake === null && alternative.value !== null) {
        rules.push({ route, header: alternative.header.toLowerCase(), match: alternative.value });
        continue;
      }
      problems.push({
        place: `Rollout ${rollout.namespace}/${rollout.name}`,
        message: `steps[${step}].setHeaderRoute ${route}, match[${index}]: ${mistake}; this match is left out`,
        remedy: 'give a headerName, and exactly one of exact, prefix and regex (RE2 syntax) in headerValue',
      });
    }
  }
  return { rules, problems };
}

function mistakeOf({ header, value }: StepHeaderMatch): string | null {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(header)) return `${JSON.stringify(header)} is not a header name`;
  if (value === null) return `header ${header} has no value`;
  if (value.kind !== 'regex') return null;
  return regexMistake(value.value);
}

/** What is wrong with an expression; null when nothing is. */
export function regexMistake(pattern: string): string | null {
  try {
    compileRegex(pattern);
    return null;
  } catch (error) {
    return `invalid regex ${JSON.stringify(pattern)}: ${errorText(error)}`;
  }
}
