import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { command } from '../../cluster/lib/command.ts';
import type { Context, Scenario } from '../lib/scenario.ts';

const ROOT = join(import.meta.dirname, '../../..');
const RULES = join(ROOT, 'config/prometheus/headgate.rules.yaml');
const TESTS = join(import.meta.dirname, '../rules');

/** A file of `promtool test rules`. */
interface TestFile {
  readonly rule_files: readonly string[];
  readonly tests: readonly { readonly name: string }[];
}

/** The alerts by promtool: that they are rules, and when each fires and is silent. */
export const scenario: Scenario = { name: 'rules', run };

async function run({ folder, check }: Context): Promise<void> {
  const lint = await outcome(['check', 'rules', '--lint=all', '--lint-fatal', RULES]);
  check('promtool finds nothing wrong with the rules', lint === '', lint);
  for (const name of readdirSync(TESTS)) {
    const file: TestFile = parse(readFileSync(join(TESTS, name), 'utf8'));
    // One at a time, so that each is counted.
    for (const [index, test] of file.tests.entries()) {
      const rule_files = file.rule_files.map((path) => resolve(TESTS, path));
      const one = join(folder, `${index}-${name}`);
      writeFileSync(one, stringify({ ...file, rule_files, tests: [test] }, { lineWidth: 0 }));
      const said = await outcome(['test', 'rules', one]);
      check(`${name}: ${test.name}`, said === '', said);
    }
  }
}

/** Empty: it went well. */
function outcome(args: readonly string[]): Promise<string> {
  return command('promtool', args).then(
    () => '',
    (error) => (error instanceof Error ? error.message : String(error)),
  );
}
