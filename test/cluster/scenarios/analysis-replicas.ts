import { setTimeout as sleep } from 'node:timers/promises';
import { analysisOf, HASHES, templates } from '../lib/analysis-templates.ts';
import type { HeadgateDeployment } from '../lib/headgate-deployment.ts';
import { canaryStrategy, judged, judgedApplication } from '../lib/judged-rollout.ts';
import { type Context, defineScenario } from '../lib/scenario.ts';
import type { VerdictAnswer } from '../lib/verdict-answer.ts';
import { now } from '../load/clock.ts';
import type { Target } from '../load/target.ts';

const NAME = 'shop';
/** A wide margin, so that half of what the controller's analysis waits for is enough to pass. */
const QUESTION = `/api/analysis?rollout=${NAME}&metrics=error-rate&errorRateMargin=0.05`;

/**
 * Two replicas judge as one: what either answers is what both have counted. One that is killed takes its counts with it; while it
 * is away it is named, and nothing passes; when it is back, counting goes on with what is left, and the controller promotes.
 */
export const scenario = defineScenario({
  name: 'analysis-replicas',
  ownClusterOnly: 'it kills the processes of a Pod, and its analysis asks Headgate by the name of a Service',
  run: async (context) => {
    const { api, headgate, namespace, runner, step, assert, traffic: start, judge } = context;
    const rollout = { name: NAME, stable: 'v1-takes-40', canary: 'v2-takes-40', strategy: strategy(namespace) };
    await api.apply([templates('headgate-verdict'), ...judgedApplication(rollout)]);
    await context.rollout(NAME).healthy();
    const proxy = await headgate();
    const [one, other] = proxy.targets;
    if (one === undefined || other === undefined) throw new Error('there are no two replicas');
    const load = (to: Target) => start({ to: [to], streams: [{ name: 'plain', rate: 50, host: NAME }] });
    load(one);
    const leaving = load(other);

    const decision = judged(context, rollout);
    const passes = ({ verdict, candidate }: VerdictAnswer) => verdict === 'pass' && (candidate.attempts ?? 0) >= 600;
    const merged = await untilAnswer(proxy, 'both pass', passes, 2);
    const own = await attempts(proxy, merged[0]?.candidate.version ?? '');
    const least = Math.min(...merged.map(({ candidate }) => candidate.attempts ?? 0));
    step(`each has seen ${own.join(' and ')}, together they have judged ${least} at least`);
    assert(least > Math.max(...own), `${least} are no more than one of them has seen: ${own.join(' and ')}`);

    step('one is killed');
    await judge(leaving);
    const killed = await podAt(context, other);
    runner.kill(namespace, killed);
    const [without] = await untilAnswer(proxy, 'the other is missing', ({ peers }) => peers.missing.length === 1, 1);
    step(`meanwhile: ${without?.verdict}: ${without?.reason}; missing: ${without?.peers.missing.join()}`);
    // What is left would be enough.
    assert(without?.metrics[0]?.verdict === 'pass', `the metric is ${without?.metrics[0]?.verdict}`);
    assert(without?.verdict === 'inconclusive', `without its peer it says ${without?.verdict}`);
    const again = await untilAnswer(proxy, 'the other is back', ({ peers }) => peers.missing.length === 0, 2);
    step(`back: ${again.map(({ candidate }) => `${candidate.attempts} attempts`).join(' and ')}`);
    const [back] = proxy.targets.filter(({ host }) => host === other.host);
    assert(back !== undefined, 'the killed replica is not ready again');
    load(other);

    const { decision: found, canary } = await decision;
    assert(found === 'promoted', `it is ${found}`);
    const traffic = load(one);
    await traffic.expect('promoted', { weights: { [canary]: 100 }, answers: 100 });
  },
});

function strategy(namespace: string): string {
  const analysis = analysisOf(['headgate-verdict'], {
    ...HASHES,
    'headgate-address': `http://headgate-admin.${namespace}:8081`,
    rollout: `${namespace}/${NAME}`,
    metrics: 'error-rate,latency-p50',
    'verdict-interval': '5s',
    'verdict-count': '24',
    'verdict-inconclusive-limit': '24',
    // It would be through before anything happens.
    'minimum-samples': '1200',
  });
  return canaryStrategy(NAME, `- setWeight: 50\n- analysis: ${analysis}`);
}

/** What the ready replicas answer, once it holds of each, and of so many. @throws Error with the last answers after 60 s */
async function untilAnswer(
  proxy: HeadgateDeployment,
  what: string,
  holds: (answer: VerdictAnswer) => boolean,
  replicas: number,
): Promise<readonly VerdictAnswer[]> {
  const deadline = now() + 60_000;
  for (;;) {
    // One that is being killed gives none.
    const texts = await proxy.ask(QUESTION).catch(() => []);
    const answers = texts.map((text): VerdictAnswer => JSON.parse(text));
    if (answers.length >= replicas && answers.every(holds)) return answers;
    if (now() > deadline) throw new Error(`not within 60 s: ${what}: ${texts.join()}`);
    await sleep(100);
  }
}

/** How many attempts at this version each replica has counted. */
async function attempts(proxy: HeadgateDeployment, version: string): Promise<readonly number[]> {
  const ours = new RegExp(`^headgate_attempts_total\\{.*version="${version}".*\\} (\\d+)$`, 'gm');
  return (await proxy.ask('/metrics')).map((text) =>
    [...text.matchAll(ours)].reduce((sum, [, value]) => sum + Number(value), 0),
  );
}

async function podAt({ api }: Context, { host }: Target): Promise<string> {
  const pods = await api.list('Pod', 'app.kubernetes.io/name=headgate');
  const found = pods.find(({ status }) => status?.podIP === host);
  if (found === undefined) throw new Error(`no Pod has the address ${host}`);
  return found.metadata.name;
}
