import { join } from 'node:path';
import t from 'tap';
import { headgate } from './run.ts';

const explain = (...args: string[]) =>
  headgate('explain', '--config', 'config/headgate.yaml', '--host', 'api.example.com', ...args);

t.test('explain says which rule chose which version, and what would answer without it', async (t) => {
  const { code, stdout, stderr } = await explain('--path', '/orders', '--header', 'X-Canary: true');
  t.strictSame({ code, stderr }, { code: 0, stderr: '' });
  const canary = 'canary (shop/talana-backend/7c9d8b6f54), at 10.244.2.21:8080';
  for (const line of [
    'request   GET api.example.com/orders',
    'route     talana: api.example.com, *.example.org, path /',
    'rule 1    matched: x-canary = "true" -> canary',
    'decided   by rule 1',
    `version   ${canary}`,
    'without it: stable (shop/talana-backend/6459f554f9), at 10.244.1.11:8080',
  ]) {
    t.match(stdout, line);
  }
});

t.test('explain takes several headers', async (t) => {
  const { stdout } = await explain('-H', 'x-canary: no', '-H', 'aws-cf-cd-super-svp-9f8b7a6d: try-the-new-search');
  t.match(
    stdout,
    'rule 1    not matched: x-canary = "true" -> canary [header:x-canary]; the request has x-canary: "no"',
  );
  t.match(stdout, 'decided   by rule 5');
  t.match(stdout, 'version   experiment (shop/demo-microservice-experiment/experiment), at 10.244.1.31:8080');
});

t.test('explain shows the shares of a weighted choice', async (t) => {
  const { stdout } = await explain();
  t.match(stdout, 'decided   by weight, as no rule matched: stable 90%, canary 10%');
});

t.test('explain says that no route takes a request', async (t) => {
  const { code, stdout } = await explain('--host', 'other.example.com', '--path', '/x');
  t.equal(code, 0);
  t.match(stdout, 'answer    404');
});

t.test('explain --json is the explanation as data', async (t) => {
  const { stdout } = await explain('--method', 'POST', '--json', '-H', 'x-canary: true');
  t.match(JSON.parse(stdout), {
    request: { method: 'POST', host: 'api.example.com', path: '/', headers: [['x-canary', 'true']] },
    route: { name: 'talana' },
    decidedBy: 'header:x-canary',
    outcomes: [{ percent: 100, served: { role: 'canary' }, fallback: null }],
  });
});

t.test('explain and check have the same words for a condition', async (t) => {
  const table = (await headgate('check', '--config', 'config/headgate.yaml')).stdout;
  const explained =
    (await explain()).stdout + (await explain('--host', 'other.example.com', '--path', '/plain')).stdout;
  const conditions = ['x-canary = "true"', 'user-agent begins with "HeadgateProbe/"', 'x-beta is present'];
  for (const words of [...conditions, 'cookie matches /.*\\bbeta=1\\b.*/']) {
    t.ok(table.includes(words), words);
    t.ok(explained.includes(words), words);
  }
});

t.test('explain stops at a mistake in the configuration', async (t) => {
  const file = join(t.testdir({ 'h.yaml': 'workers: 0\n' }), 'h.yaml');
  const { code, stdout, stderr } = await headgate('explain', '-c', file);
  t.strictSame({ code, stdout }, { code: 2, stdout: '' });
  t.match(stderr, 'workers: must be from 1 to 256, not 0');
});
