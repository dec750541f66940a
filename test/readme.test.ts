import { spawn, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { parseConfig } from '../src/config/load.ts';
import { REQUEST_REASONS } from '../src/http1/reason.ts';
import { causeOf } from '../src/proxy/causes.ts';
import { SeriesRegistry } from '../src/telemetry/counters.ts';
import { Exposition } from '../src/telemetry/exposition.ts';
import { UPSTREAM_FAILURE_REASONS } from '../src/telemetry/layout.ts';
import { processState } from './lib/process-state.ts';
import { deadPort } from './lib/upstreams.ts';

/*
 * Every command that README shows is run here. Ports are replaced by free ones, and `npm ci`, which has run before any test
 * can, is left out.
 */

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

/** The commands of all fenced blocks of one language, in order; the `$ ` of a console line taken off. */
function commands(language: 'sh' | 'console'): string[] {
  const blocks = [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    (match) => match[1] ?? '',
  );
  const lines = blocks.flatMap((block) => block.trim().split('\n'));
  return language === 'sh' ? lines : lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
}

/** Starts a command that serves, until the test ends; resolves with what it printed once `pattern` is in it. */
async function serving(t: Test, command: string, pattern: RegExp): Promise<string> {
  const child = spawn('bash', ['-c', `exec ${command}`], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  });
  let output = '';
  return new Promise((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      if (pattern.test(output)) resolve(output);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`${command} ended with ${code}: ${output}`)));
  });
}

function run(command: string) {
  return spawnSync('bash', ['-c', command], { cwd: root, encoding: 'utf8', timeout: 30_000 });
}

t.test('README shows exactly the commands that are run here', async (t) => {
  t.same(commands('sh'), [
    'npm ci && npm start',
    'npm start -- --port 9080 --admin-port 9081',
    'npm start -- --faulty',
    'npm run -s headgate -- check --config config/headgate.yaml',
    "npm run -s headgate -- explain --config config/headgate.yaml --host api.example.com --header 'x-canary: true'",
    'npm run -s headgate -- --help',
    `node -e 'for (const port of [3001, 3002, 3003]) require("http").createServer((_, answer) => answer.end(port + "\\n")).listen(port)'`,
    'npm run -s headgate -- serve --config config/static.yaml',
    'npm ci && npm test',
  ]);
});

t.test('the demo of README answers each of its curl commands', async (t) => {
  const output = await serving(t, 'npm start -- --port 0 --admin-port 0', /Ctrl-C ends it/);
  const port = /serving on http:\/\/localhost:(\d+)/.exec(output)?.[1];
  const adminPort = /as a page: http:\/\/localhost:(\d+)/.exec(output)?.[1];
  const [plain, count, canary, experiment, verdict] = commands('console').map((line) =>
    line.replaceAll(':8080', `:${port}`).replaceAll(':8081', `:${adminPort}`),
  );
  t.match(run(plain ?? '').stdout, /^talana-backend v1\.0\.\d+, answered by pod talana-backend-\w+-\d+$/m);
  const counted = [...run(count ?? '').stdout.matchAll(/^ *(\d+) talana-backend v/gm)].map((match) => Number(match[1]));
  t.equal(
    counted.reduce((sum, n) => sum + n, 0),
    100,
  );
  t.match(run(canary ?? '').stdout, /^talana-backend v1/);
  t.match(run(experiment ?? '').stdout, /^demo-microservice experiment-candidate-v1\.1\.0, answered by pod /);
  t.match(JSON.parse(run(verdict ?? '').stdout), { verdict: 'inconclusive', route: 'talana-backend' });
});

t.test('the faulty demo of README serves, with traffic of its own', async (t) => {
  const output = await serving(t, `${commands('sh')[2]} --port 0 --admin-port 0`, /setWeight: 10, a faulty canary/);
  t.match(output, 'The demo itself sends 200 requests a second');
});

t.test('check prints the table of the complete example', async (t) => {
  const { status, stdout } = run(commands('sh')[3] ?? '');
  t.equal(status, 0);
  t.match(stdout, /^route talana$/m);
});

t.test('explain names the rule that decided', async (t) => {
  const { status, stdout } = run(commands('sh')[4] ?? '');
  t.equal(status, 0);
  t.match(stdout, /^decided +by rule 1$/m);
});

t.test('help lists every command', async (t) => {
  const { status, stdout } = run(commands('sh')[5] ?? '');
  t.equal(status, 0);
  for (const command of ['serve', 'check', 'explain', 'demo']) t.match(stdout, new RegExp(`^ +${command} `, 'm'));
});

t.test('serve serves the static example in front of the servers that README starts', async (t) => {
  // The example's own ports may be taken on this machine: the same file and the same line with free ones.
  const free = (text: string) => ports.reduce((all, port, i) => all.replaceAll(String(3001 + i), String(port)), text);
  const ports = [await deadPort(), await deadPort(), await deadPort()];
  const text = await readFile(new URL('../config/static.yaml', import.meta.url), 'utf8');
  const listen = 'listen: { address: 127.0.0.1, port: 0 }\nadmin: { address: 127.0.0.1, port: 0 }\n';
  const file = `${t.testdir({ 'static.yaml': listen + free(text) })}/static.yaml`;
  const upstreams = spawn('bash', ['-c', `exec ${free(commands('sh')[6] ?? '')}`], { stdio: 'ignore' });
  t.teardown(() => upstreams.kill('SIGKILL'));
  const command = (commands('sh')[7] ?? '').replace('config/static.yaml', file);
  const output = await serving(t, command, /"msg":"serving"/);
  const port = /"ports":\[(\d+)\]/.exec(output)?.[1];
  const { stdout } = run(
    `for i in $(seq 20); do curl -s --retry 5 --retry-all-errors localhost:${port}; done | sort | uniq -c`,
  );
  const counts = [...stdout.matchAll(/^ *(\d+) (\d+)$/gm)].map(([, count, from]) => [Number(from), Number(count)]);
  t.same(new Set(counts.map(([from]) => from)), new Set(ports));
  const canary = counts.find(([from]) => from === ports[2])?.[1] ?? 0;
  t.ok(canary >= 1 && canary <= 3, `${canary} of 20 at 10 %`);
});

t.test('every word of an answer stands in docs/answers.md with its status', async (t) => {
  const answers = await readFile(new URL('../docs/answers.md', import.meta.url), 'utf8');
  const rows = answers.matchAll(/^\| (\d{3})[^|]*\|(.*)\|$/gm);
  const listed = new Map<string, number>();
  for (const [, status, words = ''] of rows)
    for (const [, word = ''] of words.split(/: | \(/, 1)[0]?.matchAll(/`(\w+)`/g) ?? [])
      listed.set(word, Number(status));
  for (const [word, status] of Object.entries(REQUEST_REASONS)) t.equal(listed.get(word), status, word);
  for (const word of UPSTREAM_FAILURE_REASONS) t.equal(listed.get(word), causeOf(word).status, word);
  const local = [
    'no_route',
    'no_endpoints',
    'request_timeout',
    'request_truncated',
    'plain_http',
    'max_forwards',
    'too_many_hops',
    'client_closed',
    'tunnel_timeout',
    'internal',
  ] as const;
  for (const word of local) t.equal(listed.get(word), causeOf(word).status, word);
  t.equal(listed.size, Object.keys(REQUEST_REASONS).length + UPSTREAM_FAILURE_REASONS.length + local.length);
});

t.test('every metric stands in the table of docs/metrics.md, and nothing that is none', async (t) => {
  const document = await readFile(new URL('../docs/metrics.md', import.meta.url), 'utf8');
  const registry = new SeriesRegistry({ workers: 1, now: () => 0 });
  const state = () => processState();
  const exposition = new Exposition({ registry, state, prefix: 'headgate_', httpAlias: false, version: '0.0.0' });
  const metrics = [...(await exposition.text()).matchAll(/^# TYPE (headgate_\w+)/gm)].map(([, name]) => name);
  const rows = document.split('\n').filter((line) => line.startsWith('| `headgate_'));
  const documented = rows.flatMap((row) => [...row.matchAll(/`(headgate_\w+)`/g)].map(([, name]) => name));
  t.ok(metrics.length > 20);
  t.same(new Set(documented), new Set(metrics));
});

t.test('the tests are what npm test runs', async (t) => {
  const { scripts } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
  t.match(scripts.test, /scripts\/test\.ts/);
});

t.test('the configuration that README shows is right', async (t) => {
  const yaml = /^```yaml\n(.*?)^```$/ms.exec(readme)?.[1] ?? '';
  t.same(
    parseConfig(yaml, 'README.md').routes?.map((route) => route.name),
    ['talana', 'plain'],
  );
});
