import type { CanaryStrategy, Rollout } from '../model/rollout.ts';
import type { SplitShare } from './split-share.ts';
import type { FallbackReason, Role } from './table.ts';
import { type CanarySplit, canarySplit, type LastWeight } from './weights.ts';

/** Which pod-template-hashes a Rollout has now, what each is to it, and what each gets. */
export interface Lineup {
  /** The one that production is on first. */
  readonly versions: readonly { readonly hash: string; readonly role: Role }[];
  /** By the role that a rule may name: its version, or the one that answers instead and why. Empty: no version yet. */
  readonly roles: ReadonlyMap<string, { readonly hash: string; readonly reason: FallbackReason | null }>;
  /** Hashes; experiment templates by hash and Service. */
  readonly shares: readonly (Omit<SplitShare, 'role'> & { readonly role: Role })[];
  readonly reason: string;
  readonly problems: CanarySplit['problems'];
  /** What the next compilation needs to know. */
  readonly last: LastWeight | null;
}

/**
 * The versions of a Rollout whose strategy is canary. A rule to the canary leads there only while there is one apart
 * from stable, and not after an abort.
 */
export function canaryLineup(
  rollout: Rollout,
  strategy: CanaryStrategy,
  ready: (hash: string) => number,
  last: LastWeight | null,
): Lineup {
  const { stableRS, currentPodHash: canary, abort } = rollout.status;
  const { shares, reason, problems } = canarySplit({ rollout, strategy, ready, last });
  // On the first deployment the only version is not stable yet by name, but production is on it.
  const stable = stableRS === '' ? canary : stableRS;
  const distinct = canary !== '' && canary !== stable;
  const versions = shares.flatMap(({ role, hash }) => (role === 'experiment' ? [] : [{ hash, role }]));
  const roles: [string, { hash: string; reason: FallbackReason | null }][] = [];
  if (stable !== '') {
    roles.push(['stable', { hash: stable, reason: null }]);
    if (distinct && !abort) roles.push(['canary', { hash: canary, reason: null }]);
    else roles.push(['canary', { hash: stable, reason: distinct ? 'aborted' : 'absent' }]);
  }
  const applied = shares.find(({ role, hash }) => role === 'canary' && hash === canary);
  return {
    versions,
    roles: new Map(roles),
    shares,
    reason,
    problems,
    last: applied === undefined ? null : { hash: applied.hash, weight: applied.weight },
  };
}

/**
 * The versions of a blue-green Rollout: active takes all, preview is for rules. A new Rollout has an empty activeSelector
 * until its pods are available; until then stableRS says what it will be.
 */
export function blueGreenLineup(rollout: Rollout): Lineup {
  const { blueGreen, stableRS, currentPodHash } = rollout.status;
  const active = blueGreen.activeSelector || stableRS || currentPodHash;
  const nothing = { versions: [], roles: new Map(), shares: [], problems: [], last: null };
  if (active === '') return { ...nothing, reason: 'the controller has not chosen a version yet' };
  const preview = blueGreen.previewSelector === active ? '' : blueGreen.previewSelector;
  return {
    ...nothing,
    versions: [
      { hash: active, role: 'active' },
      ...(preview === '' ? [] : [{ hash: preview, role: 'preview' as const }]),
    ],
    roles: new Map([
      ['active', { hash: active, reason: null }],
      ['preview', preview === '' ? { hash: active, reason: 'absent' } : { hash: preview, reason: null }],
    ]),
    shares: [{ role: 'active', hash: active, service: '', weight: 100 }],
    reason: blueGreen.activeSelector === '' ? 'first deployment' : 'blue-green: active takes all',
  };
}
