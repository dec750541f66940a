/**
 * The page for people in a real Chromium: `npm run test:browser -- [--list] [SCENARIO ...]`. Screenshots are left in a
 * temporary folder whose name is printed. Closes with one line, `N passed, N failed`, that counts what was asked for.
 */
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Browser, chromium } from 'playwright-core';
import { conclude, Demands } from '../lib/demands.ts';
import { scenarios } from '../lib/scenarios.ts';
import type { Scenario } from './lib/scenario.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { list: { type: 'boolean', default: false } },
});
const CHROMIUM = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

process.exitCode = await main();

async function main(): Promise<number> {
  const chosen = await scenarios<Scenario>(join(import.meta.dirname, 'scenarios'), positionals);
  if (options.list) {
    for (const { name } of chosen) console.log(name);
    return 0;
  }
  const executablePath = CHROMIUM.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined) {
    console.log('not ok - Chromium is missing: apt-get install chromium, or name one in CHROMIUM\n0 passed, 1 failed');
    return 1;
  }
  const folder = mkdtempSync(join(tmpdir(), 'headgate-browser-'));
  // A container has no namespaces for the browser's own sandbox, and root may not use it.
  const browser = await chromium.launch({ executablePath, chromiumSandbox: false });
  const outcomes: Demands[] = [];
  try {
    for (const scenario of chosen) outcomes.push(await outcomeOf(scenario, browser, folder));
  } finally {
    await browser.close();
  }
  console.log(`screenshots: ${folder}`);
  return conclude(outcomes);
}

async function outcomeOf(scenario: Scenario, browser: Browser, folder: string): Promise<Demands> {
  const demands = new Demands(scenario.name);
  const { check } = demands;
  const endings: (() => Promise<unknown>)[] = [];
  const atEnd = (ending: () => Promise<unknown>): void => void endings.unshift(ending);
  await demands.of(() => scenario.run({ browser, folder, atEnd, check }));
  for (const ending of endings) await ending();
  return demands;
}
