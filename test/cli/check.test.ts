import { join } from 'node:path';
import t from 'tap';
import { pemPath } from '../lib/certificates.ts';
import { headgate } from './run.ts';

t.test('check prints the routing table of a static configuration', async (t) => {
  const { code, stdout, stderr } = await headgate('check', '--config', 'config/static.yaml');
  t.strictSame({ code, stderr }, { code: 0, stderr: '' });
  t.match(stdout, /^route shop\n/);
  t.match(stdout, /stable 90 \(2 endpoints\)\n +canary 10 \(1 endpoint\)/);
});

t.test('check reads the manifests that the configuration names', async (t) => {
  const { code, stdout, stderr } = await headgate('check', '--config', 'config/headgate.yaml');
  t.strictSame({ code, stderr }, { code: 0, stderr: '' });
  t.match(stdout, 'stable 6459f554f9 90 (3 endpoints)');
  t.match(stdout, 'aws-cf-cd-super-svp-9f8b7a6d = "123e4567-e89b-12d3-a456-42661417400" -> experiment');
});

t.test('check gives every Rollout a route where the configuration has none', async (t) => {
  const { code, stdout } = await headgate('check', '--config', 'config/manifests.yaml');
  t.equal(code, 0);
  t.match(stdout, /^route talana-backend\n/);
});

t.test('check prints every mistake with file, line and path, and exits with 2', async (t) => {
  const file = join(t.testdir({ 'h.yaml': 'worker: 2\nroutes:\n  - path: x\n    rollout: web\n' }), 'h.yaml');
  t.strictSame(await headgate('check', '--config', file), {
    code: 2,
    stdout: '',
    stderr: `${file}:1:1 worker: unknown key (did you mean workers?)
${file}:3:11 routes[0].path: does not begin with "/": "x" (write /x)
${file}:4:5 routes[0].rollout: there is no source to read a Rollout from (write source: { kubernetes: {} } or { files: [...] })
`,
  });
});

t.test('a configuration that is not there is a mistake', async (t) => {
  t.strictSame(await headgate('check', '--config', 'no-such.yaml'), {
    code: 2,
    stdout: '',
    stderr:
      'no-such.yaml: cannot be read: there is no such file (correct --config, or begin with the config/headgate.yaml of the package, which has every key)\n',
  });
});

t.test('a broken manifest is a warning, and fails only with --strict', async (t) => {
  const folder = t.testdir({ 'h.yaml': 'source: { files: [m] }\n', m: { 'a.yaml': 'kind: [\n' } });
  const args = ['check', '--config', join(folder, 'h.yaml')];
  const { code, stdout, stderr } = await headgate(...args);
  t.equal(code, 0);
  t.equal(stdout, 'no routes\n');
  t.match(stderr, `warning: ${folder}/m/a.yaml:2:1: is not valid YAML`);
  t.equal((await headgate(...args, '--strict')).code, 1);
});

t.test(
  'an object that cannot be understood is a warning that names it, its file and line, and what to write',
  async (t) => {
    const rollout =
      'apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: { name: web }\nspec: { strategy: {} }\n';
    const folder = t.testdir({ 'h.yaml': 'source: { files: [m] }\n', m: { 'a.yaml': rollout } });
    const { code, stderr } = await headgate('check', '--config', join(folder, 'h.yaml'));
    t.equal(code, 0);
    const problem = 'cannot be understood and is left out: spec.strategy has neither canary nor blueGreen';
    const remedy = 'write canary or blueGreen under it';
    t.equal(stderr, `warning: ${folder}/m/a.yaml:4 Rollout default/web: ${problem} (${remedy})\n`);
  },
);

t.test(
  'check says which names each certificate is for, how endpoints are checked and how new ones start',
  async (t) => {
    const pair = (name: 'server' | 'other') =>
      `{ certificate: ${pemPath(`${name}.crt`)}, key: ${pemPath(`${name}.key`)} }`;
    const text = `
listen: [{ port: 80 }, { port: 8443, tls: { certificates: [${pair('server')}, ${pair('other')}] } }]
routes:
  - healthCheck: { path: /healthz, statuses: 204 }
    slowStart: 90s
    versions: { stable: { weight: 1, endpoints: ["127.0.0.1:1"] } }
`;
    const { code, stdout } = await headgate('check', '--config', join(t.testdir({ 'h.yaml': text }), 'h.yaml'));
    t.equal(code, 0);
    const [first, server, other, blank, route] = stdout.split('\n');
    t.equal(first, 'listen 0.0.0.0:8443  TLSv1.2 or newer');
    t.match(server, /server\.crt {2}for .*, every other name {2}until \d{4}-\d\d-\d\d$/);
    t.match(other, /other\.crt {2}for other\.example\.org, \*\.wild\.example\.org {2}until \d{4}-\d\d-\d\d$/);
    t.strictSame([blank, route], ['', 'route default']);
    t.match(stdout, /^ +checked +\/healthz {2}every 10s, 204 within 2s; left out after 3, back after 2$/m);
    t.match(stdout, /^ +slow start +1m30s$/m);
  },
);
