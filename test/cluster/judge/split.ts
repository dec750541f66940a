/** Weights by pod-template-hash, or by the whole key of a version (`<namespace>/<experiment>/<template>`), in any unit. */
export type Split = Readonly<Record<string, number>>;

/**
 * The split that a Rollout's `status.canary.weights` asks for: what the controller has set at a traffic provider. Null:
 * the status has none (there is no `trafficRouting`, or no step has set a weight yet).
 */
export function splitOf(rollout: unknown): Split | null {
  const weights = at(at(at(rollout, 'status'), 'canary'), 'weights');
  const additional = at(weights, 'additional');
  const destinations = [at(weights, 'stable'), at(weights, 'canary'), ...(Array.isArray(additional) ? additional : [])];
  const split: Record<string, number> = {};
  for (const destination of destinations) {
    const hash = at(destination, 'podTemplateHash');
    const weight = at(destination, 'weight');
    if (typeof hash !== 'string' || hash === '' || typeof weight !== 'number') continue;
    split[hash] = (split[hash] ?? 0) + weight;
  }
  return Object.values(split).some((weight) => weight > 0) ? split : null;
}

function at(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([name]) => name === key)?.[1];
}
