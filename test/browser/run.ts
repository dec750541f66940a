/**
 * The page for people in a real Chromium: `npm run test:browser -- [--list] [SCENARIO ...]`. Screenshots are left in a
 * temporary folder whose name is printed. Closes with one line, `N passed, N failed`, that counts what was asked for.
 */
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Browser, chromium } from 'playwright-core';
import type { Scenario, Stage } from './lib/scenario.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { list: { type: 'boolean', default: false } },
});
const CHROMIUM = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

let passed = 0;
const failed: string[] = [];
process.exitCode = await main();

async function main(): Promise<number> {
  const names = readdirSync(join(import.meta.dirname, 'scenarios')).map((file) => basename(file, '.ts'));
  const unknown = positionals.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`no scenario is called ${unknown.join(', ')}; there are ${names.join(', ')}`);
  if (options.list) {
    for (const name of names) console.log(name);
    return 0;
  }
  const executablePath = CHROMIUM.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined) {
    failed.push('Chromium is missing: apt-get install chromium, or name one in CHROMIUM');
    return report();
  }
  const folder = mkdtempSync(join(tmpdir(), 'headgate-browser-'));
  // A container has no namespaces for the browser's own sandbox, and root may not use it.
  const browser = await chromium.launch({ executablePath, chromiumSandbox: false });
  try {
    for (const name of names) {
      if (positionals.length === 0 || positionals.includes(name)) await perform(name, browser, folder);
    }
  } finally {
    await browser.close();
  }
  console.log(`screenshots: ${folder}`);
  return report();
}

async function perform(name: string, browser: Browser, folder: string): Promise<void> {
  const module: { scenario?: Scenario } = await import(join(import.meta.dirname, 'scenarios', `${name}.ts`));
  if (module.scenario?.name !== name) throw new Error(`scenarios/${name}.ts exports no scenario of that name`);
  const endings: (() => Promise<unknown>)[] = [];
  const begin = performance.now();
  const stage: Stage = {
    browser,
    folder,
    atEnd: (ending) => void endings.unshift(ending),
    check: (sentence, holds, found = '') => {
      const seconds = ((performance.now() - begin) / 1000).toFixed(0);
      if (holds) passed += 1;
      else failed.push(`${name}: ${sentence}: ${found}`);
      console.log(`${holds ? 'ok' : 'not ok'} - ${name}, ${seconds} s: ${sentence}${holds ? '' : `: ${found}`}`);
    },
  };
  try {
    await module.scenario.run(stage);
  } catch (error) {
    stage.check('the scenario came to its end', false, error instanceof Error ? error.stack : String(error));
  } finally {
    for (const ending of endings) await ending();
  }
}

function report(): number {
  for (const what of failed) console.log(`not ok ${what}`);
  console.log(`${passed} passed, ${failed.length} failed`);
  return failed.length > 0 || passed === 0 ? 1 : 0;
}
