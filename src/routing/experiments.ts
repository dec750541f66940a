import type { RouteConfig } from '../config/config.ts';
import type { Experiment, ExperimentTemplate } from '../model/experiment.ts';
import type { Problem } from '../model/problem.ts';
import type { ObjectIndex } from './object-index.ts';

/** A value of the route's experiment header, and what it leads to. */
export type ExperimentValue =
  | {
      readonly value: string;
      readonly reason: null;
      readonly experiment: Experiment;
      /** Several share evenly. */
      readonly templates: readonly ExperimentTemplate[];
    }
  /** What it names cannot take traffic now: production answers. */
  | { readonly value: string; readonly reason: 'not_running' | 'absent' };

/**
 * Every value of the experiment header that means something, each once. In order of precedence: tokens of the
 * configuration (`[namespace/]name[#template]`), and for the Experiments of the Rollout's namespace the annotation
 * `headgate.dev/token`, the uid, the name.
 *
 * @param namespace the Rollout's
 */
export function experimentValues(
  { place, experiments: config }: Pick<RouteConfig, 'place' | 'experiments'>,
  namespace: string,
  index: ObjectIndex,
): { readonly values: readonly ExperimentValue[]; readonly problems: readonly Problem[] } {
  if (config === null) return { values: [], problems: [] };
  const values = new Map<string, ExperimentValue>();
  const problems: Problem[] = [];
  for (const [token, reference] of Object.entries(config.tokens)) {
    const { experiment, template, mistake } = resolveReference(reference, namespace, index);
    if (mistake !== null) problems.push({ place: `${place}.experiments.tokens`, ...mistake });
    values.set(
      token,
      experiment === null ? { value: token, reason: 'absent' } : experimentValue(token, experiment, template),
    );
  }
  const nearby = index.experimentsIn(namespace);
  for (const property of ['token', 'uid', 'name'] as const) {
    for (const experiment of nearby) {
      const key = experiment[property];
      if (key !== '' && !values.has(key)) values.set(key, experimentValue(key, experiment, null));
    }
  }
  return { values: [...values.values()], problems: [...problems, ...sharedTokens(nearby)] };
}

/**
 * The template that an additional weight of a Rollout's status is for: by its Service's name, which is that of its
 * ReplicaSet unless chosen otherwise, since two templates can share a hash; by hash where the Service tells nothing; and
 * where the controller has published neither, by its place among the additional weights, which is the template's. Null when
 * no running Experiment of the Rollout has it: it is being torn down.
 *
 * @param experiments those of the Rollout's steps
 * @param place its place among the additional weights, from 0, and how many there are
 */
export function templateOfShare(
  share: { readonly hash: string; readonly service: string },
  experiments: readonly Experiment[],
  place: { readonly index: number; readonly of: number },
): { readonly experiment: Experiment; readonly template: ExperimentTemplate } | null {
  const running = experiments.filter((experiment) => experiment.running);
  if (share.service === '' && share.hash === '') {
    const [experiment, ...others] = running;
    const template = experiment?.templates[place.index];
    // A template without a weight has no entry, so places count only where every template has one.
    if (experiment === undefined || template === undefined || others.length > 0) return null;
    return experiment.templates.length === place.of ? { experiment, template } : null;
  }
  const templates = running.flatMap((experiment) => experiment.templates.map((template) => ({ experiment, template })));
  const byService = templates.find(
    ({ experiment, template }) =>
      share.service !== '' &&
      (template.service === share.service || `${experiment.name}-${template.name}` === share.service),
  );
  return byService ?? templates.find(({ template }) => share.hash !== '' && template.hash === share.hash) ?? null;
}

/** What `[namespace/]name[#template]` names; the namespace is the Rollout's unless written. */
function resolveReference(reference: string, namespace: string, index: ObjectIndex) {
  const [path = '', template = null] = reference.split('#', 2);
  const slash = path.indexOf('/');
  const home = slash < 0 ? namespace : path.slice(0, slash);
  const name = path.slice(slash + 1);
  const experiment = index.experimentsIn(home).find((candidate) => candidate.name === name) ?? null;
  if (experiment !== null && template !== null && !experiment.templates.some((one) => one.name === template)) {
    const message = `Experiment ${home}/${name} has no template ${template}`;
    const remedy = `write one of ${experiment.templates.map((one) => one.name).join(', ')} after the #`;
    return { experiment: null, template, mistake: { message, remedy } };
  }
  return { experiment, template, mistake: null };
}

function experimentValue(value: string, experiment: Experiment, templateName: string | null): ExperimentValue {
  if (!experiment.running) return { value, reason: 'not_running' };
  const templates = experiment.templates.filter(({ name }) => templateName === null || name === templateName);
  if (templates.length === 0) return { value, reason: 'absent' };
  return { value, reason: null, experiment, templates };
}

/** Two Experiments with one token: the first by name has it. */
function sharedTokens(experiments: readonly Experiment[]): readonly Problem[] {
  const owners = new Map<string, Experiment>();
  const problems: Problem[] = [];
  for (const experiment of experiments) {
    const { namespace, name, token } = experiment;
    const owner = owners.get(token);
    if (token === '') continue;
    if (owner === undefined) {
      owners.set(token, experiment);
      continue;
    }
    problems.push({
      place: `Experiment ${namespace}/${name}`,
      message: `has the same headgate.dev/token as Experiment ${owner.namespace}/${owner.name}, which gets its traffic`,
      remedy: 'give each Experiment a token of its own',
    });
  }
  return problems;
}
