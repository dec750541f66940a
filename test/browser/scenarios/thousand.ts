import { makeHeadgate } from '../../control/gateway.ts';
import type { Scenario } from '../lib/scenario.ts';
import { visit } from '../lib/visit.ts';

const ROUTES = 1000;
const nameOf = (i: number): string => `app-${String(i).padStart(4, '0')}`;

/** A list that is too long to be read is searched and leafed through. */
export const scenario: Scenario = {
  name: 'thousand',
  run: async (stage) => {
    const { check } = stage;
    const versions =
      '{ stable: { weight: 90, endpoints: ["127.0.0.1:9"] }, canary: { weight: 10, endpoints: ["127.0.0.1:9"] } }';
    const routes = Array.from({ length: ROUTES }, (_, i) => {
      return `  - { name: ${nameOf(i)}, hosts: [${nameOf(i)}.example.com], versions: ${versions} }`;
    });
    const { headgate } = makeHeadgate(`routes:\n${routes.join('\n')}\n`);
    await headgate.start();
    stage.atEnd(() => headgate.shutdown());
    const one = await visit(stage, headgate.adminPort ?? 0);
    const { page } = one;
    await one.until(`document.querySelectorAll('#rows tr').length === 50`, 'the first page of the list');
    check(
      'the list says how many there are',
      (await one.text('#list-title')) === 'Routes (1000)',
      await one.text('#list-title'),
    );
    const nodes = Number(await page.evaluate(`document.querySelectorAll('*').length`));
    check('the page stays small', nodes < 1500, `${nodes} elements`);
    const entry = `performance.getEntriesByType('resource').filter(({ name }) => name.includes('/api/live')).at(-1)`;
    const bytes = Number(await page.evaluate(`${entry}.decodedBodySize`));
    check('an answer stays below 40 kB', bytes > 0 && bytes < 40_000, `${bytes} bytes`);
    await one.checkReadable('a thousand routes');
    await one.shot('thousand-wide');

    await page.getByRole('button', { name: 'Next' }).click();
    await one.until(`document.querySelector('#rows a')?.textContent === 'app-0050'`, 'the second page');
    check('the next page follows', (await one.text('#page')) === '51 to 100 of 1000', await one.text('#page'));
    await page.getByLabel('Search').fill('APP-0777');
    await one.until(`document.querySelectorAll('#rows tr').length === 1`, 'what was searched for');
    check('one is found by its name', (await one.text('#rows a')) === 'app-0777', await one.text('#rows a'));

    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await one.until(`!document.querySelector('#route-section').hidden`, 'the route');
    check(
      'Enter on it shows the route',
      (await one.text('#route-title')) === 'app-0777',
      await one.text('#route-title'),
    );
    const focused = await page.evaluate('document.activeElement?.id');
    check('and the focus is on its heading', focused === 'route-title', String(focused));
    check('its address can be kept', page.url().endsWith('#route=app-0777'), page.url());
    await page.goBack();
    await one.until(`!document.querySelector('#list-section').hidden`, 'the list again');
    check('back leads to the list, searched as before', (await one.text('#rows a')) === 'app-0777');

    const gone = await visit(stage, headgate.adminPort ?? 0, {}, '#route=gone');
    await gone.until(`!document.querySelector('#notice').hidden`, 'a word about the route that is not there');
    check(
      'a route that is not there is said to be so',
      (await gone.text('#notice')) === 'There is no route "gone" now.',
      await gone.text('#notice'),
    );
    await gone.page.getByRole('link', { name: 'All routes' }).click();
    await gone.until(`document.querySelectorAll('#rows tr').length === 50`, 'the list after it');
    check('and a link leads to those that are', (await gone.text('#notice')) === '', await gone.text('#notice'));

    const phone = await visit(stage, headgate.adminPort ?? 0, { width: 375, height: 800, scheme: 'dark' });
    await phone.until(`document.querySelectorAll('#rows tr').length === 50`, 'the list on a phone');
    await phone.checkReadable('a thousand routes on a phone');
    await phone.shot('thousand-phone');
    one.checkFaults('with a thousand routes');
    phone.checkFaults('with a thousand routes on a phone');
  },
};
