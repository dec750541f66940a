import { pod, rollout, services, TestSource } from '../../control/cluster.ts';
import { makeHeadgate } from '../../control/gateway.ts';
import type { Scenario } from '../lib/scenario.ts';
import { visit } from '../lib/visit.ts';

const NASTY = '<script>alert(1)</script><img src=x onerror=alert(2)>';

/** Names come from objects that anybody may have written, rules from whoever writes the configuration. */
export const scenario: Scenario = {
  name: 'names',
  run: async (stage) => {
    const { check } = stage;
    const source = new TestSource([
      ...services(),
      rollout({ stable: 'aaa', canary: NASTY, weight: 20 }),
      pod('aaa', 9),
      pod(NASTY, 9),
    ]);
    source.problems = [{ place: `Rollout ${NASTY}`, message: `cannot read ${NASTY}`, remedy: `rename ${NASTY}` }];
    const rule = `{ name: x-canary, exact: ${JSON.stringify(NASTY)}, to: canary }`;
    const config = `source: { files: [.] }\nroutes: [{ rollout: shop/web, headers: [${rule}] }]\n`;
    const { headgate } = makeHeadgate(config, source);
    await headgate.start();
    stage.atEnd(() => headgate.shutdown());
    const one = await visit(stage, headgate.adminPort ?? 0);
    await one.until(`document.querySelectorAll('#versions tr').length > 0`, 'the versions');
    for (const place of ['#problems', '#rules', '#versions-head', '#endpoints']) {
      const text = await one.text(place);
      check(`${place} shows markup in a name as text`, text.includes(NASTY), text);
    }
    const injected = await one.page.evaluate(`document.querySelectorAll('main script, main img').length`);
    check('no element came of it', injected === 0, String(injected));
    await one.checkReadable('long and odd names');
    await one.page.setViewportSize({ width: 375, height: 800 });
    await one.checkReadable('long and odd names on a phone');
    await one.shot('names-phone');
    one.checkFaults('with markup in names');
  },
};
