import { App } from '../lib/app.ts';
import { Judged, phases } from '../lib/judged.ts';
import { Requests } from '../lib/requests.ts';
import type { Context, Scenario } from '../lib/scenario.ts';
import { Web } from '../lib/web.ts';

const [STABLE, CANARY] = ['6459f554f9', '7c9d8b6f54'];
const VERDICT = ['headgate-verdict'];
/** Seconds that the verdict may take. */
const PATIENCE = 60;

/** What headgate-verdict says, by the controller's own code: of no traffic, of a good canary, and of a bad one. */
export const scenario: Scenario = { name: 'verdict', run };

async function run(context: Context): Promise<void> {
  for (const [name, errorShare, phase] of [
    ['as good as stable', 0, 'Successful'],
    ['with 20 % of errors', 0.2, 'Failed'],
  ] as const) {
    const [stable, canary] = [await App.start('stable'), await App.start('canary')];
    canary.errorShare = errorShare;
    stable.latencyMs = 10;
    canary.latencyMs = 10;
    const apps = { [STABLE]: stable, [CANARY]: canary };
    const web = await Web.start(context, { stable: STABLE, canary: CANARY, weight: 50, apps });
    const judged = await Judged.by(context, {
      rollout: 'shop/web',
      'canary-hash': CANARY,
      'stable-hash': STABLE,
      'headgate-address': `http://${web.target}`,
      // Headgate, the versions and the clients share the machine.
      'latency-verdict-margin': '1',
    });
    await judged.expect(`${name}, without traffic`, VERDICT, phases(VERDICT, 'Inconclusive'));
    const requests = new Requests(web.headgate.port, 200);
    const begin = performance.now();
    const found = await judged.decide(VERDICT, {}, PATIENCE);
    context.say(`after ${((performance.now() - begin) / 1000).toFixed(0)} s: ${JSON.stringify(found)}`);
    context.check(`${name}: the first verdict is ${phase}`, found[0]?.phase === phase, JSON.stringify(found));
    const [measured] = found;
    const { reason }: { reason?: string } = JSON.parse(measured?.value || '{}');
    context.check(`${name}: the measurement says why`, (reason ?? '').length > 10, String(reason));
    await requests.stop();
    await web.restart();
    await judged.expect(`${name}, right after a restart`, VERDICT, phases(VERDICT, 'Inconclusive'));
    const wrong = await judged.take(VERDICT, { rollout: 'shop/nobody' });
    context.check('a Rollout that is not there is an error', wrong[0]?.phase === 'Error', JSON.stringify(wrong));
    await Promise.all([stable.close(), canary.close()]);
    await web.headgate.terminate();
  }
}
