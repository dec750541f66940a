import type { HeadgateOptions } from '../lib/headgate-deployment.ts';
import type { Context } from '../lib/scenario.ts';
import type { Traffic, TrafficOptions } from '../lib/traffic.ts';
import { startLoad } from '../load/load.ts';
import { Contrast } from './contrast.ts';
import type { ServiceRouterOptions } from './service-router.ts';
import { startRouters } from './start-routers.ts';

export interface SideBySideOptions extends Omit<TrafficOptions, 'to'> {
  readonly config: NonNullable<HeadgateOptions['config']>;
  readonly services: Pick<ServiceRouterOptions, 'main' | 'other' | 'ingress' | 'header'>;
}

export interface SideBySide {
  /** Headgate's, which is judged as in every scenario. The others are only counted. */
  readonly traffic: Traffic;
  readonly contrast: Contrast;
  /** Ends the loads and prints the table. */
  readonly end: () => Promise<void>;
}

/** How many times a scenario goes through its situations: more of them make better figures. */
export const ROUNDS = Number(process.env['CONTRAST_ROUNDS'] ?? 1);

/** The same streams through Headgate and through routers that go by the Rollout's Services. */
export async function sideBySide(context: Context, options: SideBySideOptions): Promise<SideBySide> {
  const { config, services, streams } = options;
  const proxy = await context.headgate({ config });
  const routers = await startRouters(context, services);
  const traffic = context.traffic({ ...options, to: proxy });
  const loads = Object.entries(routers.targets).map(
    ([name, target]) => [name, startLoad({ streams, connections: 4, targets: [target] })] as const,
  );
  const contrast = new Contrast({ hash: traffic.load, ...Object.fromEntries(loads) });
  return {
    traffic,
    contrast,
    end: async () => {
      await Promise.all([context.judge(traffic), ...loads.map(([, load]) => load.stop())]);
      await routers.stop();
      context.step(`\n${contrast.table(context.runner.intervals(context.namespace)).join('\n')}`);
    },
  };
}
