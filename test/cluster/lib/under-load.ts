import type { Manifests } from './api.ts';
import type { HeadgateDeployment } from './headgate-deployment.ts';
import type { RolloutDriver } from './rollout-driver.ts';
import type { Context } from './scenario.ts';
import type { Traffic, TrafficOptions } from './traffic.ts';

export interface UnderLoadOptions extends Omit<TrafficOptions, 'to' | 'streams'> {
  readonly manifests: Manifests;
  /** The Rollout's name; `shop` where it is left out. */
  readonly name?: string;
  /** Headgate's; what is shipped where it is left out. */
  readonly config?: string;
  /** 120 requests a second for the Rollout's name where it is left out, called `plain`. */
  readonly streams?: TrafficOptions['streams'];
}

export interface UnderLoad {
  readonly rollout: RolloutDriver;
  readonly proxy: HeadgateDeployment;
  readonly traffic: Traffic;
}

/** Where most scenarios begin: the manifests applied, their Rollout healthy, Headgate before it, and load on Headgate. */
export async function underLoad(context: Context, options: UnderLoadOptions): Promise<UnderLoad> {
  const { manifests, name = 'shop', config, streams = [{ name: 'plain', rate: 120, host: name }], ...rest } = options;
  await context.api.apply(manifests);
  const rollout = context.rollout(name);
  await rollout.healthy();
  const proxy = await context.headgate(config === undefined ? {} : { config });
  return { rollout, proxy, traffic: context.traffic({ ...rest, to: proxy, streams }) };
}
