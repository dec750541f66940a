import { Canary } from '../lib/canary.ts';
import { example } from '../lib/example.ts';
import type { HeadgateDeployment } from '../lib/headgate-deployment.ts';
import { defineScenario } from '../lib/scenario.ts';
import { stepSplit } from '../lib/step-split.ts';
import { underLoad } from '../lib/under-load.ts';

const PAUSES = [
  [1, 10],
  [3, 25],
  [5, 50],
  [7, 75],
] as const;

/** The canary of the Talana backend, as its document has it, promoted by hand instead of after its minutes of pause. */
export const scenario = defineScenario({
  name: 'talana-canary',
  run: async (context) => {
    const { step, assert } = context;
    const { rollout, proxy, traffic } = await underLoad(context, {
      ...example('talana-canary'),
      name: 'talana-backend',
      converge: { rollout: 'talana-backend', split: stepSplit },
    });
    const { stable } = await rollout.hashes();
    await rollout.setImage('talana/talana-backend:v1.0.3');
    const canary = new Canary({ rollout, traffic, name: 'v1.0.3', stable });
    await canary.climb(PAUSES);
    await canary.ends();

    step('the query of its analysis, which asks for http_requests_total');
    const { good, all } = await counted(proxy);
    assert(all > 0 && good === all, `${good} of ${all} requests are counted as good`);
  },
});

/** `http_requests_total` of all replicas: those with `status=~"2.*"`, and all. */
async function counted(proxy: HeadgateDeployment): Promise<{ good: number; all: number }> {
  const lines = (await proxy.ask('/metrics')).flatMap((text) => text.split('\n'));
  const sum = (pattern: RegExp) =>
    lines.reduce((total, line) => total + (pattern.test(line) ? Number(line.slice(line.lastIndexOf(' '))) : 0), 0);
  return { good: sum(/^http_requests_total\{.*status="2/), all: sum(/^http_requests_total\{/) };
}
