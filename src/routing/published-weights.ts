import type { PublishedWeights } from '../model/rollout-status.ts';
import type { SplitShare } from './split-share.ts';

/**
 * The shares that `status.canary.weights` says. By hash, never by Service: with pingPong the Services are not named,
 * and a Service's selector lags. Weights below 0 count as 0, equal hashes are merged, and the sum becomes `maximum`.
 * Entries of an experiment may have neither Service nor hash: it is being torn down, or the controller has read its status
 * too early and does not look again. Whose they are is told by their place (`templateOfShare`).
 *
 * @param stable the Rollout's stableRS, not empty
 * @param canary its currentPodHash, or ''
 */
export function publishedShares(
  weights: PublishedWeights,
  stable: string,
  canary: string,
  maximum: number,
): readonly SplitShare[] {
  const experiments = weights.additional.map(
    ({ weight, hash, service }): SplitShare => ({ role: 'experiment', hash, service, weight: Math.max(0, weight) }),
  );

  // Each version once, stable first; what it is follows from the Rollout, not from the entry that it stands in: at the
  // end of a rollout the new stable is still the entry `canary`.
  const byHash = new Map<string, SplitShare>();
  const add = (hash: string, slot: 'stable' | 'canary', weight: number) => {
    const role = hash === stable ? 'stable' : hash === canary ? 'canary' : slot;
    byHash.set(hash, { role, hash, service: '', weight: (byHash.get(hash)?.weight ?? 0) + Math.max(0, weight) });
  };
  add(stable, 'stable', 0);
  if (canary !== '') add(canary, 'canary', 0);
  add(weights.stable.hash === '' ? stable : weights.stable.hash, 'stable', weights.stable.weight);
  add(weights.canary.hash === '' ? canary || stable : weights.canary.hash, 'canary', weights.canary.weight);

  // A version that is on its way out is listed only as long as it gets traffic.
  const versions = [...byHash.values()].filter(({ hash, weight }) => weight > 0 || hash === stable || hash === canary);
  return scaled([...versions, ...experiments], maximum);
}

/**
 * Brings the sum to `maximum`, by the largest remainder. It differs only where the controller's stable weight came out
 * negative (canary and experiments ask for more than there is), or the maximum has just changed.
 */
function scaled(shares: readonly SplitShare[], maximum: number): readonly SplitShare[] {
  const sum = shares.reduce((total, { weight }) => total + weight, 0);
  if (sum === maximum) return shares;
  if (sum === 0) return shares.map((share, i) => (i === 0 ? { ...share, weight: maximum } : share));
  const exact = shares.map(({ weight }) => (weight * maximum) / sum);
  const whole = exact.map(Math.floor);
  let missing = maximum - whole.reduce((total, weight) => total + weight, 0);
  const byRemainder = exact.map((value, i) => ({ i, rest: value - Math.floor(value) }));
  byRemainder.sort((a, b) => b.rest - a.rest || a.i - b.i);
  for (const { i } of byRemainder) {
    if (missing <= 0) break;
    whole[i] = (whole[i] ?? 0) + 1;
    missing -= 1;
  }
  return shares.map((share, i) => ({ ...share, weight: whole[i] ?? 0 }));
}
