import type { Manifests } from '../lib/api.ts';
import { headerConfig } from '../lib/header-config.ts';
import type { RolloutDriver } from '../lib/rollout-driver.ts';
import type { Context } from '../lib/scenario.ts';
import type { Traffic, TrafficOptions } from '../lib/traffic.ts';
import { startLoad } from '../load/load.ts';
import { Contrast } from './contrast.ts';
import type { ServiceRouterOptions } from './service-router.ts';
import { startRouters } from './start-routers.ts';

export interface SideBySideOptions extends Pick<TrafficOptions, 'converge'> {
  /** Of the Rollout `shop` and what it needs. */
  readonly manifests: Manifests;
  readonly services: Pick<ServiceRouterOptions, 'main' | 'other' | 'ingress'>;
  /** The version that the stream `tester` asks for, and the header by which it does. */
  readonly tester: { readonly header: string; readonly to: 'canary' | 'preview' };
}

export interface SideBySide {
  readonly rollout: RolloutDriver;
  /** Headgate's, which is judged as in every scenario. The others are only counted. */
  readonly traffic: Traffic;
  readonly contrast: Contrast;
  /** Ends the loads and prints the table. */
  readonly end: () => Promise<void>;
}

/** How many times a scenario goes through its situations: more of them make better figures. */
export const ROUNDS = Number(process.env['CONTRAST_ROUNDS'] ?? 1);

/** The streams `plain` and `tester`, the same through Headgate and through routers that go by the Rollout's Services. */
export async function sideBySide(context: Context, options: SideBySideOptions): Promise<SideBySide> {
  const { manifests, services, tester, ...rest } = options;
  const { header, to } = tester;
  const streams = [
    { name: 'plain', rate: 50, host: 'shop' },
    { name: 'tester', rate: 20, host: 'shop', headers: { [header]: 'true' } },
  ];
  await context.api.apply(manifests);
  const rollout = context.rollout('shop');
  await rollout.healthy();
  const proxy = await context.headgate({ config: headerConfig(header, to) });
  const routers = await startRouters(context, { ...services, header });
  const traffic = context.traffic({ ...rest, to: proxy, streams });
  const loads = Object.entries(routers.targets).map(
    ([name, target]) => [name, startLoad({ streams, connections: 4, targets: [target] })] as const,
  );
  const contrast = new Contrast({ hash: traffic.load, ...Object.fromEntries(loads) });
  return {
    rollout,
    traffic,
    contrast,
    end: async () => {
      await Promise.all([context.judge(traffic), ...loads.map(([, load]) => load.stop())]);
      await routers.stop();
      context.step(`\n${contrast.table(context.runner.intervals(context.namespace)).join('\n')}`);
    },
  };
}
