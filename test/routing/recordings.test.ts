import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { RouteConfig } from '../../src/config/config.ts';
import { SnapshotStore } from '../../src/model/snapshot.ts';
import { compile } from '../../src/routing/compile.ts';
import type { CompileMemory } from '../../src/routing/held-rollout.ts';
import { printTable } from '../../src/routing/print.ts';
import { routeConfig } from './builders.ts';

/*
 * Watch events of a real Argo Rollouts 1.10.1 controller, replayed one by one. The golden file shows the table after
 * each event that changed it. `UPDATE_GOLDEN=1` writes the golden files anew: read the difference before committing it.
 */
const FOLDER = join(import.meta.dirname, '../fixtures/recordings');

const RECORDINGS: Readonly<Record<string, readonly RouteConfig[] | null>> = {
  'canary-talana': null,
  'canary-abort': [
    routeConfig({
      name: 'talana',
      rollout: { namespace: null, name: 'talana-backend' },
      headers: [
        { name: 'x-canary', match: { kind: 'exact', value: 'true' }, to: 'canary', fallback: true },
        { name: 'x-canary-only', match: { kind: 'present' }, to: 'canary', fallback: false },
      ],
    }),
  ],
  'header-canary': null,
  'experiment-step': [
    routeConfig({
      name: 'demo',
      rollout: { namespace: null, name: 'rollouts-demo' },
      experiments: { header: 'x-experiment', tokens: {} },
    }),
  ],
  'bluegreen-experiment': [
    routeConfig({
      name: 'demo',
      rollout: { namespace: null, name: 'demo-microservice' },
      headers: [{ name: 'x-preview', match: { kind: 'present' }, to: 'preview', fallback: true }],
      experiments: {
        header: 'aws-cf-cd-super-svp-9f8b7a6d',
        tokens: { '123e4567-e89b-12d3-a456-42661417400': 'demo-microservice-experiment' },
      },
    }),
  ],
  'istio-unmodified': null,
  'nginx-unmodified': null,
  'broken-canary': null,
};

for (const [name, routes] of Object.entries(RECORDINGS)) {
  t.test(`the recording ${name} gives the tables of its golden file`, async (t) => {
    const actual = replay(name, routes);
    const golden = join(FOLDER, `${name}.table.txt`);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, actual);
    t.ok(existsSync(golden), 'has a golden file');
    t.equal(actual, readFileSync(golden, 'utf8'));
  });
}

function replay(name: string, routes: readonly RouteConfig[] | null): string {
  const store = new SnapshotStore();
  let memory: CompileMemory = {};
  let shown = '';
  let text = '';
  for (const line of readFileSync(join(FOLDER, `${name}.jsonl`), 'utf8')
    .trim()
    .split('\n')) {
    const { ms, type, object } = JSON.parse(line);
    store.apply(type, object);
    const compiled = compile(store.snapshot(), { routes }, memory);
    memory = compiled.memory;
    const problems = compiled.problems.map(({ place, message, remedy }) => `! ${place}: ${message} (${remedy})\n`);
    const table = [printTable(compiled.table, compiled.endpoints, compiled.reasons), ...problems].join('');
    if (table === shown) continue;
    text += `--- ${ms} ms: ${type} ${object.kind} ${object.metadata.name}\n${table}\n`;
    shown = table;
  }
  return text;
}
