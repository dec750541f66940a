import { createRequire } from 'node:module';
import t from 'tap';

const load = createRequire(import.meta.url);
const { complaint }: { complaint: (version: string, checkout: boolean) => string | null } =
  load('../../bin/node-version.cjs');

t.test('a Node that is too old is told what is needed and what to do, in one line', async (t) => {
  const needed = 'headgate needs Node.js 24.12 or newer; this is 20.20.2';
  t.equal(complaint('20.20.2', true), `${needed}; here, npm brings its own: npm run -s headgate -- ARGUMENTS`);
  t.equal(complaint('20.20.2', false), `${needed}; install one from https://nodejs.org`);
  for (const version of ['0.12.18', '8.17.0', '22.99.0', '23.11.1', '24.11.9', '24.0.0-nightly']) {
    t.match(complaint(version, true), /^headgate needs Node\.js 24\.12 or newer; this is [^\n]+$/, version);
  }
});

t.test('a Node that is new enough is told nothing', async (t) => {
  for (const version of ['24.12.0', '24.13.1', '25.0.0', '26.1.0', '100.0.0'])
    t.equal(complaint(version, true), null, version);
});
