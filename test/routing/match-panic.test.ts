import t from 'tap';
import { target } from './match-tables.ts';
import { ASKED, BLUE, CANARY, GREEN, PLAIN, ruled, STABLE } from './ruled.ts';

/* Versions that have endpoints, of which none is worth a try. */

t.test('a version of which no endpoint is worth a try is answered by its fallback: unhealthy', async (t) => {
  const { decide, sick, down } = ruled(target('canary', [1]));
  sick(CANARY);
  t.match(decide(ASKED), { chosen: CANARY, served: STABLE, from: 'canary', reason: 'unhealthy' });
  down(CANARY);
  t.match(decide(ASKED), { chosen: CANARY, served: STABLE, from: 'canary', reason: 'no_endpoints' });
});

t.test('where nobody is worth a try, the version chosen is tried, and that is no fallback', async (t) => {
  const { decide, sick } = ruled(target('canary', [1]));
  sick(STABLE, CANARY);
  t.match(decide(ASKED), { chosen: CANARY, served: CANARY, from: '', reason: '' });
  t.match(decide(PLAIN), { chosen: STABLE, served: STABLE, from: '', reason: '' });
});

t.test('a version that has no endpoint is then answered by one that has', async (t) => {
  const { decide, down, sick } = ruled(target('canary', [1]));
  down(CANARY);
  sick(STABLE);
  t.match(decide(ASKED), { chosen: CANARY, served: STABLE, from: 'canary', reason: 'no_endpoints' });
});

t.test('with `fallback: none` a version is tried whatever is thought of it, while it has an endpoint', async (t) => {
  const { decide, down, sick } = ruled(target('canary', [1], { fallback: false }));
  sick(CANARY);
  t.match(decide(ASKED), { chosen: CANARY, served: CANARY, reason: '' });
  down(CANARY);
  t.equal(decide(ASKED).served, null);
});

t.test('of templates that take turns the one that has endpoints is tried when none is worth a try', async (t) => {
  const { decide, down, sick } = ruled(target('experiment', [2, 3], { fallback: false }));
  down(BLUE);
  sick(GREEN);
  for (let i = 0; i < 4; i += 1) t.equal(decide(ASKED).served, GREEN);
});
