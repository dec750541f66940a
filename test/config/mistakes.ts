import t from 'tap';
import { ConfigError } from '../../src/config/config-error.ts';
import { parseConfig } from '../../src/config/load.ts';

/** What `check` would print, without the file's name. */
export function mistakesOf(text: string): string[] {
  try {
    parseConfig(text, 'h.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n').map((line) => line.replace(/^h\.yaml:/, ''));
  }
}

/** The only key of a route with static versions, and that of a file whose mistakes are elsewhere. */
export const VERSIONS = 'versions: { a: { weight: 1, endpoints: ["a:1"] } }';
export const ROUTES = `routes: [{ ${VERSIONS} }]`;

export const SOURCE = 'source: { files: [m] }\n';

/** Name of the mistake, the text, what is printed for it. */
type Case = readonly [name: string, text: string, expected: readonly string[]];

/** A test of its own for what these mistakes have in common. */
export function check(title: string, cases: readonly Case[]): void {
  t.test(title, async (t) => {
    for (const [name, text, expected] of cases) t.strictSame(mistakesOf(text), expected, name);
  });
}
