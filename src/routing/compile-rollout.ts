import type { RouteConfig } from '../config/config.ts';
import type { Experiment, ExperimentTemplate } from '../model/experiment.ts';
import type { Problem } from '../model/problem.ts';
import type { Rollout } from '../model/rollout.ts';
import { podEndpoints } from './endpoints.ts';
import { experimentValues, templateOfShare } from './experiments.ts';
import { headerRoutes, regexMistake } from './header-routes.ts';
import { heldRollout, type RolloutMemory } from './held-rollout.ts';
import { blueGreenLineup, canaryLineup, type Lineup } from './lineup.ts';
import type { ObjectIndex } from './object-index.ts';
import { choosePort, experimentPodPort, podPort, type TargetPort } from './ports.ts';
import { rolloutServices } from './rollout-services.ts';
import { samplePod, samplePods } from './sample-pods.ts';
import type { Endpoint, ExperimentHeader, HeaderRule, Route, Share, Target } from './table.ts';
import type { TemplateKeys } from './template-keys.ts';
import { type UpstreamOptions, upstreamOptions } from './upstream-options.ts';
import { VersionList } from './version-list.ts';

/** A route to a Rollout, as the plan of routes has it. */
export interface RolloutRoute {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly path: string;
  readonly rollout: Rollout;
  /** What the configuration says about it; a route that nobody wrote has only a place for messages. */
  readonly config: Pick<RouteConfig, 'place' | 'port' | 'headers' | 'experiments' | keyof UpstreamOptions>;
  /** Ends the version keys: '' or, where another route leads to another port of the same Rollout, `#port`; with TLS `#tls`. */
  readonly keySuffix: string;
}

export interface CompiledRollout {
  readonly route: Route;
  readonly endpoints: ReadonlyMap<string, readonly Endpoint[]>;
  readonly problems: readonly Problem[];
  readonly memory: RolloutMemory;
  /** Which rule gave the weights, for people. */
  readonly reason: string;
  readonly claims: readonly TemplateClaim[];
}

/** A key that was asked for, and the one that was given (`TemplateKeys`). */
export interface TemplateClaim {
  readonly plain: string;
  readonly port: TargetPort;
  readonly key: string;
}

/** Compiles the route of one Rollout, from nothing but that Rollout and what it looks up in `index`. */
export function compileRollout(
  route: RolloutRoute,
  index: ObjectIndex,
  memory: RolloutMemory | null,
  keys: TemplateKeys,
): CompiledRollout {
  const rollout = heldRollout(route.rollout, memory);
  const lineup = lineupOf(rollout, index, memory);
  const samples = samplePods(lineup.versions.map(({ hash }) => index.rolloutPods(rollout, hash)));
  const services = rolloutServices(rollout, index, () => samples);
  const port = choosePort(rollout, route.config.port, services, samples);
  const builder = new RolloutRouteBuilder(route, rollout, lineup, index, port.target, keys);
  const split = builder.split();
  const rules = builder.rules();
  const experiments = builder.experimentHeader();
  const { name, hosts, path } = route;
  return {
    route: {
      name,
      hosts,
      path,
      versions: builder.versions(),
      rules,
      experiments,
      split,
      ...upstreamOptions(route.config),
    },
    endpoints: builder.endpoints,
    problems: [
      ...refusals(rollout),
      ...port.problems,
      ...lineup.problems.map((problem) => ({ ...problem, place: builder.place })),
      ...builder.problems,
    ],
    memory: { uid: rollout.uid, spec: rollout.spec, last: lineup.last },
    reason: lineup.reason,
    claims: builder.claims,
  };
}

/** Whoever wonders why nothing comes of a change looks here first. */
function refusals({ namespace, name, status }: Rollout): readonly Problem[] {
  if (status.refusal === '') return [];
  const message = `the controller does not act on it: ${status.refusal}`;
  return [{ place: `Rollout ${namespace}/${name}`, message, remedy: 'correct its spec, or what the spec names' }];
}

function lineupOf(rollout: Rollout, index: ObjectIndex, memory: RolloutMemory | null): Lineup {
  const { strategy } = rollout.spec;
  if (strategy.kind === 'blueGreen') return blueGreenLineup(rollout);
  const ready = (hash: string) => {
    let count = 0;
    for (const { usable } of index.rolloutPods(rollout, hash)) if (usable) count += 1;
    return count;
  };
  const last = memory?.uid === rollout.uid ? memory.last : null;
  return canaryLineup(rollout, strategy, ready, last);
}

/** Gathers versions with their endpoints while shares, rules and experiments name them. */
class RolloutRouteBuilder {
  readonly endpoints = new Map<string, readonly Endpoint[]>();
  readonly problems: Problem[] = [];
  readonly claims: TemplateClaim[] = [];
  readonly place: string;
  readonly #route: RolloutRoute;
  readonly #rollout: Rollout;
  readonly #lineup: Lineup;
  readonly #index: ObjectIndex;
  readonly #port: TargetPort;
  readonly #keys: TemplateKeys;
  readonly #list = new VersionList();
  readonly #byHash = new Map<string, number>();

  constructor(
    route: RolloutRoute,
    rollout: Rollout,
    lineup: Lineup,
    index: ObjectIndex,
    port: TargetPort,
    keys: TemplateKeys,
  ) {
    this.place = `Rollout ${rollout.namespace}/${rollout.name}`;
    this.#route = route;
    this.#rollout = rollout;
    this.#lineup = lineup;
    this.#index = index;
    this.#port = port;
    this.#keys = keys;
    for (const { hash, role } of lineup.versions) {
      const { namespace, name } = rollout;
      const key = `${namespace}/${name}/${hash}${route.keySuffix}`;
      this.#byHash.set(hash, this.#list.add({ key, role, name: hash, namespace, rollout: name, experiment: '' }));
      this.endpoints.set(key, this.#rolloutEndpoints(hash));
    }
  }

  versions(): Route['versions'] {
    const { strategy } = this.#rollout.spec;
    const production = this.#production();
    // The canary, never a preview, which nobody chose to put before users. Of two canaries, the current one.
    const spare = strategy.kind === 'canary' ? this.#byHash.get(this.#rollout.status.currentPodHash) : undefined;
    return this.#list.build((role) => (role === 'active' ? [] : [production, spare]));
  }

  split(): readonly Share[] {
    const ofSteps = this.#index
      .experimentsIn(this.#rollout.namespace)
      .filter(({ rollout }) => rollout === this.#rollout.name);
    const weights = new Map<number, number>();
    const additional = this.#lineup.shares.filter(({ role }) => role === 'experiment');
    for (const share of this.#lineup.shares) {
      let version = this.#byHash.get(share.hash);
      if (share.role === 'experiment') {
        const found = templateOfShare(share, ofSteps, { index: additional.indexOf(share), of: additional.length });
        // Its experiment is over or not there: what it would get stays with production.
        version = found === null ? this.#production() : this.#addTemplate(found.experiment, found.template);
      }
      if (version !== undefined) weights.set(version, (weights.get(version) ?? 0) + share.weight);
    }
    return [...weights].map(([version, weight]) => ({ version, weight }));
  }

  /** The route's rules, then those of the Rollout's steps. */
  rules(): readonly HeaderRule[] {
    const rules: HeaderRule[] = [];
    for (const { name, match, to, fallback } of this.#route.config.headers) {
      const mistake = match.kind === 'regex' ? regexMistake(match.value) : null;
      if (mistake !== null) {
        this.#report(this.#route.config.place, `header ${name}: ${mistake}; this rule is left out`, 'write RE2 syntax');
        continue;
      }
      rules.push({ origin: 'route', label: `header:${name}`, header: name, match, target: this.#target(to, fallback) });
    }
    const { strategy } = this.#rollout.spec;
    if (strategy.kind !== 'canary') return rules;
    const steps = headerRoutes(this.#rollout, strategy);
    this.problems.push(...steps.problems);
    for (const { route, header, match } of steps.rules) {
      rules.push({ origin: 'step', label: route, header, match, target: this.#target('canary', true) });
    }
    return rules;
  }

  experimentHeader(): ExperimentHeader | null {
    const { config } = this.#route;
    if (config.experiments === null) return null;
    const { values, problems } = experimentValues(config, this.#rollout.namespace, this.#index);
    this.problems.push(...problems);
    const production = this.#production();
    return {
      header: config.experiments.header,
      values: values.map((value) => {
        const versions =
          value.reason === null
            ? value.templates.map((template) => this.#addTemplate(value.experiment, template))
            : production === undefined
              ? []
              : [production];
        return [value.value, { asked: 'experiment', versions, reason: value.reason, fallback: true }];
      }),
    };
  }

  /** Stable or active: the first version of the line-up. */
  #production(): number | undefined {
    const [first] = this.#lineup.versions;
    return first === undefined ? undefined : this.#byHash.get(first.hash);
  }

  #target(asked: string, fallback: boolean): Target {
    const { roles } = this.#lineup;
    const role = roles.get(asked);
    if (role === undefined && roles.size > 0) {
      const kind = this.#rollout.spec.strategy.kind;
      const message = `a rule leads to ${asked}, but ${this.place} is ${kind}: it has ${[...roles.keys()].join(' and ')}`;
      this.#report(this.#route.config.place, message, `write \`to:\` ${[...roles.keys()].join(' or ')}`);
    }
    const index = role === undefined ? this.#production() : this.#byHash.get(role.hash);
    const reason = role === undefined ? 'absent' : role.reason;
    const answers = index !== undefined && (reason === null || fallback);
    return { asked, versions: answers ? [index] : [], reason, fallback };
  }

  #addTemplate(experiment: Experiment, template: ExperimentTemplate): number {
    const { namespace, name } = experiment;
    const key = this.#templateKey(`${namespace}/${name}/${template.name}${this.#route.keySuffix}`);
    const pods = this.#index.experimentPods(experiment, template.name);
    const endpoints = podEndpoints(pods, (pod) => experimentPodPort(pod, this.#port));
    if (endpoints.length === 0 && pods.some(({ usable }) => usable)) {
      this.#report(
        `Experiment ${namespace}/${name}`,
        `the containers of template ${template.name} declare no port that is the Rollout's, nor a single one`,
        'declare the containerPort that the Rollout uses',
      );
    }
    this.endpoints.set(key, endpoints);
    const { rollout } = experiment;
    return this.#list.add({
      key,
      role: 'experiment',
      name: templateVersion(experiment, template, this.#index),
      namespace,
      rollout,
      experiment: name,
    });
  }

  #templateKey(plain: string): string {
    const key = this.#keys.claim(plain, this.#port);
    this.claims.push({ plain, port: this.#port, key });
    return key;
  }

  #rolloutEndpoints(hash: string): readonly Endpoint[] {
    const pods = this.#index.rolloutPods(this.#rollout, hash);
    const endpoints = podEndpoints(pods, (pod) => podPort(pod, this.#port));
    if (this.#port !== null && endpoints.length === 0 && pods.some(({ usable }) => usable)) {
      const message = `no container of version ${hash} has a port named ${this.#port}`;
      this.#report(this.place, message, 'name that containerPort, or give the Service a number as targetPort');
    }
    return endpoints;
  }

  #report(place: string, message: string, remedy: string): void {
    if (this.problems.some((known) => known.place === place && known.message === message)) return;
    this.problems.push({ place, message, remedy });
  }
}

/**
 * The `version` label of a template: its pod-template-hash, from its status or, where it has no Service, from its Pods.
 * Templates of one Experiment with the same hash get their name added, or their metrics would be one.
 */
function templateVersion(experiment: Experiment, template: ExperimentTemplate, index: ObjectIndex): string {
  const hashOf = ({ name, hash }: ExperimentTemplate) =>
    hash || (samplePod(index.experimentPods(experiment, name))?.hash ?? '');
  const hash = hashOf(template);
  if (hash === '') return template.name;
  const shared = experiment.templates.some((other) => other.name !== template.name && hashOf(other) === hash);
  return shared ? `${hash}-${template.name}` : hash;
}
