import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { inPage } from './in-page.ts';
import type { Stage } from './scenario.ts';

export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: 'light' | 'dark';
}

/** The page as one reader has it, and what went wrong in it. */
export class Visit {
  readonly page: Page;
  /** Errors of the console and of scripts, what the policy refused, and requests to anybody else. */
  readonly faults: string[] = [];
  /** While Headgate is away, requests fail: that is no fault of the page. */
  expectFailures = false;
  readonly #stage: Stage;

  constructor(stage: Stage, page: Page, origin: string) {
    this.#stage = stage;
    this.page = page;
    page.on('console', (message) => {
      const refused = /Failed to load resource: net::ERR_/.test(message.text());
      if (message.type() === 'error' && !(refused && this.expectFailures)) this.faults.push(message.text());
      if (message.type() === 'warning') this.faults.push(message.text());
    });
    page.on('pageerror', (error) => this.faults.push(error.stack ?? error.message));
    page.on('dialog', (dialog) => {
      this.faults.push(`a dialog: ${dialog.message()}`);
      dialog.dismiss().catch(() => undefined);
    });
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== origin) this.faults.push(`a request to ${request.url()}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) this.faults.push(`${response.status()} for ${response.url()}`);
    });
  }

  /**
   * Resolves when an expression of the page is true; rejects, with what the page shows, after a while. Playwright's own
   * waiting evaluates text within the page, which the policy forbids.
   */
  async until(expression: string, what: string, seconds = 20): Promise<void> {
    const deadline = performance.now() + seconds * 1000;
    while ((await this.page.evaluate(expression)) !== true) {
      if (performance.now() > deadline) {
        throw new Error(`waited ${seconds} s in vain for ${what}; the page shows:\n${await this.text('body')}`);
      }
      await this.page.waitForTimeout(100);
    }
  }

  /** What is read there; of several elements, one after the other. */
  async text(selector: string): Promise<string> {
    return (await this.page.locator(selector).allInnerTexts()).join('\n').replaceAll('\u00a0', ' ').trim();
  }

  /** A row of the table of versions, its name left out. */
  async row(name: string): Promise<string[]> {
    const cells = this.page
      .locator('#versions tr', { has: this.page.getByRole('rowheader', { name, exact: true }) })
      .locator('td');
    return (await cells.allInnerTexts()).map((text) => text.replaceAll('\u00a0', ' '));
  }

  async shot(name: string): Promise<void> {
    await this.page.screenshot({ path: join(this.#stage.folder, `${name}.png`), fullPage: true });
  }

  /** What everybody may ask of any state of the page. */
  async checkReadable(where: string): Promise<void> {
    const { check } = this.#stage;
    const wide = await this.page.evaluate('document.documentElement.scrollWidth - innerWidth');
    check(`${where}: nothing is wider than the page`, wide === 0, `${String(wide)} px`);
    for (const [sentence, script] of [
      ['every text stands out from what is behind it (WCAG AA)', 'contrast'],
      ['headings, names, labels and tables are whole', 'structure'],
    ] as const) {
      const found = await inPage(this.page, script);
      check(`${where}: ${sentence}`, found.length === 0, found.slice(0, 5).join('; '));
    }
  }

  checkFaults(where: string): void {
    this.#stage.check(
      `${where}: no error, nothing refused by the policy, no request to anybody else`,
      this.faults.length === 0,
      this.faults.slice(0, 5).join('; '),
    );
  }
}

/** Opens the page of the admin server at a port of 127.0.0.1. */
export async function visit(stage: Stage, adminPort: number, look: Look = {}, hash = ''): Promise<Visit> {
  const { width = 1280, height = 900, scheme = 'light' } = look;
  const context = await stage.browser.newContext({ viewport: { width, height }, colorScheme: scheme });
  stage.atEnd(() => context.close());
  const page = await context.newPage();
  const origin = `http://127.0.0.1:${adminPort}`;
  const one = new Visit(stage, page, origin);
  await page.goto(`${origin}/${hash}`);
  return one;
}
