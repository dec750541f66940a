import { inPage } from '../lib/in-page.ts';
import type { Scenario } from '../lib/scenario.ts';

const FAULTY = `<!doctype html><html><body style="background: #fff"><main></main><main></main><h1>One</h1><h3>Three</h3>
<p style="color: #999">pale</p><p style="color: #777; font-size: 24px">pale and large</p>
<button></button><input><table><thead><tr><th scope="col">a</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>
<div role="img">.</div><section aria-labelledby="nothing"></section></body></html>`;
const FAULTS = [
  'a BUTTON without a name',
  'a INPUT without a name',
  'a picture without words',
  'a row without its header',
  '2 cells below 1 headers',
  'aria-labelledby nothing leads nowhere',
  'h3 follows h1',
  'no language',
  'not one main',
];

/** Those who judge the page are judged: they find what is wrong in a page where everything is. */
export const scenario: Scenario = {
  name: 'judges',
  run: async (stage) => {
    const page = await stage.browser.newPage();
    stage.atEnd(() => page.close());
    await page.setContent(FAULTY);
    const structure = await inPage(page, 'structure');
    stage.check(
      'every fault of structure is found',
      structure.toSorted().join() === FAULTS.toSorted().join(),
      structure.join('; '),
    );
    const contrast = await inPage(page, 'contrast');
    stage.check(
      'pale text is found, and large text may be paler',
      contrast.join() === '"pale" has 2.85 to 1',
      contrast.join('; '),
    );
  },
};
