import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import t from 'tap';
import { ROOT } from './run.ts';

const load = createRequire(import.meta.url);
const { flags }: { flags: (given: string) => readonly string[] } = load('../../bin/memory.cjs');

/** Makes garbage of which a part lives for a while, then prints the megabytes that its thread's young generation has. */
const GARBAGE = `
  let kept = [];
  for (let i = 0; i < 2e6; i += 1) {
    if (i % 8 === 0) kept.push({ i });
    if (kept.length > 50_000) kept = [];
  }
  const { space_size } = require('node:v8').getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
  console.log(space_size / 1024 / 1024);`;

t.test('the young generations of main thread and worker stay at 4 MB, whatever garbage they make', async (t) => {
  const program = `
    require('./bin/memory.cjs').limit();
    ${GARBAGE}
    new (require('node:worker_threads').Worker)(${JSON.stringify(GARBAGE)}, { eval: true });`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['-e', program], { cwd: ROOT, env: {} });
  const sizes = stdout.trim().split('\n').map(Number);
  t.equal(sizes.length, 2);
  t.equal(stderr, '', 'V8 knows every flag');
  for (const size of sizes) t.ok(size <= 4, `${size} MB`);
});

t.test('whoever has chosen the size of the young generation is not overruled', async (t) => {
  const ofSize = (given: string) => flags(given).filter((flag) => flag.includes('semi-space'));
  t.ok(ofSize('--enable-source-maps').length > 0);
  for (const given of ['--max-semi-space-size=8', '--inspect --min_semi_space_size=1'])
    t.same(ofSize(given), [], given);
});
