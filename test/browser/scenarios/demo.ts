import { HeadgateProcess } from '../../cli/process.ts';
import type { Scenario, Stage } from '../lib/scenario.ts';
import { sendTraffic } from '../lib/traffic.ts';
import { type Visit, visit } from '../lib/visit.ts';

const STEPS = [10, 25, 50, 75, 100];
const EXPERIMENT = { 'aws-cf-cd-super-svp-9f8b7a6d': '123e4567-e89b-12d3-a456-42661417400' };

/** The demo of README's first minute, from the first weight to the promotion, as its page shows it. */
export const scenario: Scenario = {
  name: 'demo',
  run: async (stage) => {
    const demo = new HeadgateProcess(['demo', '--port', '0', '--admin-port', '0']);
    stage.atEnd(() => {
      demo.kill('SIGKILL');
      return demo.exit;
    });
    const first = await demo.line(/\S/);
    const adminPort = Number(/http:\/\/localhost:(\d+)\//.exec(first)?.[1]);
    stage.check('the first line on the terminal is the address of the page', adminPort > 0, first);
    const port = Number(/http:\/\/localhost:(\d+)/.exec(await demo.line('Headgate is serving on'))?.[1]);
    sendTraffic(stage, () => port);
    sendTraffic(stage, () => port, EXPERIMENT);
    const one = await visit(stage, adminPort);
    await looksRight(stage, one);
    await usableByKeyboard(stage, one);
    await inEveryLook(stage, adminPort);
    await showsVerdicts(stage, one);
    const moving = `getComputedStyle(document.querySelector('.split-bar span')).transitionDuration`;
    await one.page.emulateMedia({ reducedMotion: 'reduce' });
    const duration = String(await one.page.evaluate(moving));
    stage.check('nothing moves for those who asked for less of it', duration === '0s', duration);
    await one.page.emulateMedia({ reducedMotion: 'no-preference' });
    await followsTheRollout(stage, one);
    one.checkFaults('through the whole rollout');
  },
};

/** One route: it is shown at once, and its numbers come. */
async function looksRight({ check }: Stage, one: Visit): Promise<void> {
  await one.until(`document.querySelector('#route-title')?.textContent === 'talana-backend'`, 'the only route');
  await one.until(
    `document.querySelector('#split [class="look-1"]') !== null && document.querySelectorAll('#versions td').length > 0`,
    'the versions',
  );
  await one.until(
    `/[1-9]/.test(document.querySelectorAll('#versions tr')[2]?.cells[1]?.textContent ?? '')`,
    'requests',
  );
  check('the connection is live', (await one.text('#connection')) === 'Live', await one.text('#connection'));
  const weights = await one.row('Weight');
  check('weights are shown, and what only a rule leads to', weights.join() === '90 %,10 %,by rule', weights.join());
  await one.until(`document.querySelectorAll('#versions tr')[1]?.cells[1]?.textContent !== '–'`, 'shares');
  const share = Number.parseFloat((await one.row('Observed share'))[1] ?? '');
  check('the observed share is near the weight', Math.abs(share - 10) < 5, String(share));
  for (const name of ['p50', 'p95', 'p99']) {
    const quantiles = await one.row(name);
    check(
      `${name} of each version is a duration`,
      quantiles.every((text) => /^[\d.]+ m?s$/.test(text)),
      quantiles.join(),
    );
  }
  const failures = await one.row('Failed attempts');
  check('nothing has failed', failures.join() === '0 %,0 %,0 %', failures.join());
  const endpoints = await one.row('Endpoints');
  check('each version has its endpoints', endpoints.join() === '4,1,1', endpoints.join());
  const rules = await one.text('#rules');
  check('header rules are shown', /x-canary = "true".*canary/s.test(rules) && rules.includes('experiments'), rules);
  const drawn = await one.page.locator('#charts canvas').count();
  check('three charts are drawn', drawn === 3, String(drawn));
  const words = await one.page.locator('#charts [role=img]').first().getAttribute('aria-label');
  check(
    'a chart says its newest numbers',
    /^Requests\/s over the last five minutes; now stable \w+ [\d.]+/.test(words ?? ''),
    words ?? '',
  );
}

/** Tab and arrows reach everything, and it is seen where one is. */
async function usableByKeyboard({ check }: Stage, one: Visit): Promise<void> {
  const { page } = one;
  const focused = (expression: string) =>
    page.evaluate(`(() => { const e = document.activeElement; return ${expression}; })()`);
  await page.keyboard.press('Tab');
  check(
    'the first stop leads past the head of the page',
    (await focused('e.id')) === 'skip',
    String(await focused('e.id')),
  );
  await page.keyboard.press('Enter');
  check('and it does so', (await focused('e.id')) === 'main', String(await focused('e.id')));
  await page.keyboard.press('Tab');
  for (let i = 0; i < 10 && (await focused('e.name')) !== 'quantile'; i++) await page.keyboard.press('Tab');
  check(
    'the choice of the quantile is reached',
    (await focused('e.name')) === 'quantile',
    String(await focused('e.outerHTML')),
  );
  const outline = await focused('getComputedStyle(e.nextElementSibling).outlineStyle');
  check('where the focus is can be seen', outline === 'solid', String(outline));
  await page.keyboard.press('ArrowRight');
  const caption = await one.text('#charts figure:last-child figcaption');
  check('an arrow changes the chart', caption === 'Latency, p99', caption);
}

async function inEveryLook(stage: Stage, adminPort: number): Promise<void> {
  for (const scheme of ['light', 'dark'] as const) {
    for (const [size, width] of [
      ['phone', 375],
      ['wide', 1280],
    ] as const) {
      const look = await visit(stage, adminPort, { scheme, width, height: width === 375 ? 800 : 900 });
      await look.until(`document.querySelectorAll('#charts canvas').length === 3`, 'charts');
      await look.checkReadable(`${scheme}, ${size}`);
      const tree = await look.page.locator('body').ariaSnapshot();
      const whole = [
        'banner',
        'main',
        'heading "talana-backend" [level=2]',
        'columnheader',
        'rowheader "p95"',
        'region "Summary"',
      ];
      stage.check(
        `${scheme}, ${size}: a screen reader finds landmarks, headings and the table's headers`,
        whole.every((part) => tree.includes(part)),
        whole.filter((part) => !tree.includes(part)).join(),
      );
      await look.shot(`demo-${scheme}-${size}`);
      look.checkFaults(`${scheme}, ${size}`);
      await look.page.context().close();
    }
  }
}

/** The canary and the experiment are each judged beside stable. */
async function showsVerdicts({ check }: Stage, one: Visit): Promise<void> {
  await one.until(`document.querySelectorAll('.verdict').length === 2`, 'two verdicts');
  const headings = await one.text('.verdict h4');
  check(
    'canary and experiment are judged',
    /^\Scanary \w+: \w+\n\Sdemo-microservice-experiment \w+: \w+$/.test(headings),
    headings,
  );
  await one.until(`document.querySelectorAll('.verdict tbody tr').length === 4`, 'two measures of each');
  // Blocks of five seconds, asked about every ten.
  await one.until(
    `document.querySelector('.verdict:last-child tbody td:nth-of-type(2) span')?.textContent !== '–'`,
    'an estimate',
    40,
  );
  const row = await one.text('.verdict:last-child tbody tr:first-child');
  check(
    'each measure has its interval',
    /^error-rate\s+\w+\s+(0|[+−][\d.]+) points\s+.* (to|or) .*\s+\+1 point$/s.test(row),
    row,
  );
}

/** The weights walk as the demo says; at the end the canary is stable, and what was stable is gone. */
async function followsTheRollout({ check }: Stage, one: Visit): Promise<void> {
  const hash = await one.text('#versions-head th:nth-of-type(2) code');
  const weight = `parseFloat(document.querySelectorAll('#versions tr')[0]?.cells[2]?.textContent)`;
  for (const step of STEPS.slice(1)) {
    await one.until(`${weight} === ${step}`, `${step} % to the canary`, 60);
    check(`the page shows ${step} % for the canary`, true);
    if (step === 50) {
      await one.until(
        `Math.abs(parseFloat(document.querySelectorAll('#versions tr')[1]?.cells[2]?.textContent) - 50) < 8`,
        'an observed half',
      );
      check('the observed share follows', true);
      await one.shot('demo-half');
    }
  }
  check(
    'a change is said to a screen reader',
    /^Weights: .*canary \w+ 100 %$/.test(await one.text('#announcement')),
    await one.text('#announcement'),
  );
  await one.until(`document.querySelector('#versions-head th code')?.textContent === '${hash}'`, 'the promotion', 60);
  check(
    'the canary becomes stable and keeps its hash',
    (await one.text('#versions-head th:first-of-type strong')) === 'stable',
  );
  const charts = await one.page.locator('#charts [role=img]').first().getAttribute('aria-label');
  check('what was stable is still in the charts, as gone', /stable \w+, gone/.test(charts ?? ''), charts ?? '');
  await one.shot('demo-promoted');
}
