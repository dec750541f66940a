import { z } from 'zod';
import { type CanaryStep, canarySteps } from './canary-step.ts';
import { type ContainerPort, containerPorts, flag, integer, labels, list, metadata, refuse, text } from './fields.ts';
import { maximumWeight } from './maximum-weight.ts';
import { type Parsed, parseObject } from './parsed.ts';
import { type RolloutStatus, rolloutStatus } from './rollout-status.ts';
import { stepMistakes } from './step-mistakes.ts';

/** A Rollout: what its author asked for, and how far the controller has come. */
export interface Rollout {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Null in a manifest that no API server has seen. */
  readonly generation: number | null;
  /** RFC 3339, to the second; '' in a manifest that no API server has seen. */
  readonly createdAt: string;
  readonly spec: RolloutSpec;
  readonly status: RolloutStatus;
}

export interface RolloutSpec {
  readonly replicas: number;
  /** Labels of its Pods; null with a workloadRef, whose template lies elsewhere. */
  readonly templateLabels: Readonly<Record<string, string>> | null;
  /** TCP ports that its template declares; empty with a workloadRef. */
  readonly templatePorts: readonly ContainerPort[];
  readonly strategy: CanaryStrategy | BlueGreenStrategy;
}

export interface CanaryStrategy {
  readonly kind: 'canary';
  readonly steps: readonly CanaryStep[];
  /** Null: absent, which is not the same as `{}`: without it the controller scales stable down as weight goes up. */
  readonly trafficRouting: TrafficRouting | null;
  /** Names of Services; '' when not set. */
  readonly stableService: string;
  readonly canaryService: string;
  readonly pingPong: { readonly pingService: string; readonly pongService: string } | null;
  readonly dynamicStableScale: boolean;
  readonly minPodsPerReplicaSet: number | null;
  /** How many of a step's pods must be available: a percentage of them, or a number. */
  readonly replicaProgressThreshold: { readonly type: string; readonly value: number } | null;
}

interface TrafficRouting {
  /** The providers named (istio, nginx, alb, plugins, ...), sorted. Empty: nobody publishes weights. */
  readonly providers: readonly string[];
  /** Names of managed routes, in order of precedence. */
  readonly managedRoutes: readonly string[];
  /** Null: 100. */
  readonly maxTrafficWeight: number | null;
}

interface BlueGreenStrategy {
  readonly kind: 'blueGreen';
  readonly activeService: string;
  readonly previewService: string;
}

const trafficRouting = z
  .looseObject({ managedRoutes: list(z.object({ name: text })), maxTrafficWeight: integer })
  .transform(
    ({ managedRoutes, maxTrafficWeight, ...others }): TrafficRouting => ({
      providers: Object.entries(others)
        .filter(([name, settings]) => isActive(name, settings))
        .map(([name]) => name)
        .sort(),
      managedRoutes: managedRoutes.map(({ name }) => name),
      maxTrafficWeight,
    }),
  );

/** Whether a key of trafficRouting makes somebody act: `smi: {}` does, `plugins: {}` names no plugin. */
function isActive(provider: string, settings: unknown): boolean {
  if (typeof settings !== 'object' || settings === null) return false;
  return provider !== 'plugins' || Object.keys(settings).length > 0;
}

const canary = z
  .object({
    steps: canarySteps,
    trafficRouting: trafficRouting.nullish(),
    stableService: text,
    canaryService: text,
    pingPong: z.object({ pingService: text, pongService: text }).nullish(),
    dynamicStableScale: flag,
    minPodsPerReplicaSet: integer,
    replicaProgressThreshold: z.object({ type: text, value: z.int() }).nullish(),
  })
  .transform(
    (strategy): CanaryStrategy => ({
      ...strategy,
      kind: 'canary',
      trafficRouting: strategy.trafficRouting ?? null,
      pingPong: strategy.pingPong ?? null,
      replicaProgressThreshold: strategy.replicaProgressThreshold ?? null,
    }),
  );

const blueGreen = z
  .object({ activeService: text, previewService: text })
  .transform((strategy): BlueGreenStrategy => ({ ...strategy, kind: 'blueGreen' }));

const strategy = z
  .object({ canary: canary.nullish(), blueGreen: blueGreen.nullish() })
  .transform(({ canary, blueGreen }, context): CanaryStrategy | BlueGreenStrategy => {
    if (canary && blueGreen) refuse(context, 'has both canary and blueGreen', 'keep one of them');
    const only = canary ?? blueGreen;
    if (only) return only;
    refuse(context, 'has neither canary nor blueGreen', 'write canary or blueGreen under it');
    return z.NEVER;
  });

const template = z.object({
  metadata: z.object({ labels }).nullish(),
  spec: z.object({ containers: containerPorts }).nullish(),
});

const schema = z
  .object({
    metadata,
    spec: z.object({ replicas: integer, template: template.nullish(), strategy }),
    status: rolloutStatus,
  })
  .transform(
    ({ metadata, spec, status }): Rollout => ({
      namespace: metadata.namespace,
      name: metadata.name,
      uid: metadata.uid,
      generation: metadata.generation,
      createdAt: metadata.creationTimestamp,
      spec: {
        replicas: Math.max(0, spec.replicas ?? 1),
        templateLabels: spec.template?.metadata?.labels ?? null,
        templatePorts: spec.template?.spec?.containers ?? [],
        strategy: spec.strategy,
      },
      status,
    }),
  );

/** An argoproj.io Rollout as the API serves it. Only what Headgate uses is kept. */
export function parseRollout(object: unknown): Parsed<Rollout> {
  return parseObject('Rollout', schema, object, (raw, { spec: { strategy } }) =>
    strategy.kind === 'canary' ? stepMistakes(raw, strategy.steps, maximumWeight(strategy)) : [],
  );
}
