import { once } from 'node:events';
import { createServer } from 'node:net';
import t, { type Test } from 'tap';
import { request } from 'undici';
import { Gateway } from '../control/gateway.ts';
import { startLoad } from '../control/load.ts';
import { samples } from '../control/samples.ts';
import { type HeadgateProcess, startHeadgate } from './process.ts';
import { headgate } from './run.ts';

interface Curl {
  readonly method: 'GET' | 'DELETE';
  readonly url: string;
  readonly headers: Record<string, string>;
}

/** Sends what a printed `curl` command would, and resolves with the body. */
async function curl(line: string): Promise<string> {
  const { method, url, headers } = parseCurl(line);
  // The demo listens on 127.0.0.1; curl tries that after ::1, where there is nobody.
  const answer = await request(url.replace('localhost', '127.0.0.1'), { method, headers });
  return answer.body.text();
}

function parseCurl(line: string): Curl {
  const [, field, name = '', value = '', method, url = ''] =
    /^ {2}curl (?:(-H '([^:]+): ([^']+)' )|-X (DELETE) )?(localhost:\d+\S*)$/.exec(line) ?? [];
  if (url === '') throw new Error(`not a curl command: ${line}`);
  return {
    method: method === 'DELETE' ? 'DELETE' : 'GET',
    url: `http://${url}`,
    headers: field === undefined ? {} : { [name]: value },
  };
}

/** The demo at free ports, with the `curl` commands that it prints. */
async function startDemo(t: Test, ...options: string[]) {
  const demo = startHeadgate(t, 'demo', '--port', '0', '--admin-port', '0', ...options);
  await demo.line('Ctrl-C ends it');
  const [plain, canary, experiment, end, table, metrics] = demo.having(/^ {2}curl (?!'localhost)/);
  if (!plain || !canary || !experiment || !end || !table || !metrics) throw new Error(demo.lines.join('\n'));
  const portOf = (line: string) => Number(/localhost:(\d+)/.exec(line)?.[1]);
  const gateway = new Gateway(portOf(plain), portOf(table));
  return { demo, gateway, commands: { plain, canary, experiment, end, table, metrics } };
}

async function takenPort(t: Test): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const STABLE = /^talana-backend v1\.0\.2, answered by pod talana-backend-/;
const CANARY = /^talana-backend v1\.0\.3, answered by pod talana-backend-/;
const EITHER = /^talana-backend v1\.0\.[23], answered by pod talana-backend-/;

t.test('every command that the demo prints does what it says', async (t) => {
  const start = performance.now();
  const { gateway, commands } = await startDemo(t);
  await gateway.ready();
  t.match(await curl(commands.plain), EITHER);
  // The figure to hold is 2 seconds; this bound only says that the machine is not to blame.
  t.ok(performance.now() - start < 20_000, `served after ${Math.round(performance.now() - start)} ms`);
  t.match(await curl(commands.canary), CANARY);
  t.match(await curl(commands.experiment), /^demo-microservice experiment-candidate-v1\.1\.0, answered by pod /);
  t.match(JSON.parse(await curl(commands.table)), { routes: [{ name: 'talana-backend' }] });
  t.equal(samples(await curl(commands.metrics), 'headgate_requests_total', { role: 'experiment', status: '200' }), 1);
});

t.test('an experiment that is ended falls back to production, is counted, and comes back', async (t) => {
  const { gateway, commands } = await startDemo(t);
  await gateway.ready();
  t.match(await curl(commands.experiment), /^demo-microservice experiment/);
  t.equal(await curl(commands.end), 'the experiment is gone: its header falls back to production\n');
  await gateway.until(async () => STABLE.test(await curl(commands.experiment)), 'the fallback');
  t.match(await curl(commands.experiment), STABLE);
  const counted = await gateway.metric('headgate_fallback_total', {
    from: 'experiment',
    to: 'stable',
    reason: 'absent',
  });
  t.ok(Number(counted) >= 2, `${counted} fallbacks`);
  const { url } = parseCurl(commands.end);
  await request(url.replace('localhost', '127.0.0.1'), { method: 'PUT' });
  await gateway.until(async () => (await curl(commands.experiment)).startsWith('demo-microservice '), 'the experiment');
});

const ended = async (demo: HeadgateProcess, signal: NodeJS.Signals) => {
  demo.kill(signal);
  return demo.exit;
};

t.test('Ctrl-C ends the demo under load with exit code 0, and no request fails before', async (t) => {
  const { demo, gateway } = await startDemo(t);
  await gateway.ready();
  const load = startLoad(t, gateway.port);
  await load.more(50);
  t.strictSame(load.failures, []);
  t.strictSame(await ended(demo, 'SIGINT'), { code: 0, signal: null });
  t.equal(demo.stderr, '');
});

t.test('the first hundred requests are split 90 to 10, as the first line below the welcome says', async (t) => {
  const { demo, gateway } = await startDemo(t);
  t.match(await demo.line('setWeight: 10'), /talana-backend v1\.0\.2 90 %, talana-backend v1\.0\.3 10 %$/);
  await gateway.ready();
  const counts: Record<string, number> = {};
  for (let i = 0; i < 100; i += 1) {
    const version = (await gateway.get()).body.split(',')[0] ?? '';
    counts[version] = (counts[version] ?? 0) + 1;
  }
  const { 'talana-backend v1.0.3': canary = 0, 'talana-backend v1.0.2': stable = 0 } = counts;
  t.ok(canary >= 9 && canary <= 11, `${canary} of 100 at 10 %`);
  t.equal(stable + canary, 100);
});

t.test(
  'with --faulty it says which version is faulty, sends requests of its own, and fails none at Ctrl-C',
  async (t) => {
    const { demo, gateway } = await startDemo(t, '--faulty', '--traffic', '400');
    t.match(demo.having('The demo itself sends')[0], 'sends 400 requests a second');
    t.match(await demo.line('setWeight: 10, a faulty canary'), 'talana-backend v1.0.3 10 %');
    await gateway.until(async () => Number(await gateway.metric('headgate_requests_total')) >= 100, 'requests');
    t.ok(Number(await gateway.metric('headgate_requests_total', { role: 'experiment', status: '200' })) > 0);
    t.strictSame(await ended(demo, 'SIGINT'), { code: 0, signal: null });
    t.match(await demo.line('The demo has sent'), /has sent \d+ requests; every one was answered\.$/);
    t.equal(demo.stderr, '');
  },
);

t.test('--traffic without a number is 200 requests a second', async (t) => {
  const { demo } = await startDemo(t, '--traffic');
  t.match(demo.having('The demo itself sends')[0], 'sends 200 requests a second');
});

t.test('a reader of its output that goes away ends the demo quietly', async (t) => {
  const demo = startHeadgate(t, 'demo', '--port', '0', '--admin-port', '0');
  demo.child.stdout?.destroy();
  t.strictSame(await demo.exit, { code: 0, signal: null });
  t.equal(demo.stderr, '');
});

t.test('a taken port is one line that names it and the option, with exit code 1', async (t) => {
  const port = String(await takenPort(t));
  const proxy = await headgate('demo', '--port', port, '--admin-port', '0');
  t.strictSame(proxy, {
    code: 1,
    stdout: '',
    stderr: `headgate: 127.0.0.1:${port} is in use: choose another port with --port\n`,
  });
  const admin = await headgate('demo', '--port', '0', '--admin-port', port);
  t.strictSame(admin, {
    code: 1,
    stdout: '',
    stderr: `headgate: 127.0.0.1:${port} is in use: choose another port with --admin-port\n`,
  });
});

t.test('two taken ports are named at once, with both options', async (t) => {
  const [port, adminPort] = [String(await takenPort(t)), String(await takenPort(t))];
  const { code, stdout, stderr } = await headgate('demo', '--port', port, '--admin-port', adminPort);
  t.strictSame({ code, stdout }, { code: 1, stdout: '' });
  const where = `127.0.0.1:${port} is in use, 127.0.0.1:${adminPort} is in use`;
  t.equal(stderr, `headgate: ${where}: choose other ports with --port and --admin-port\n`);
});

t.test('one port for both is a mistake of the command line, told without a file that nobody wrote', async (t) => {
  const { code, stdout, stderr } = await headgate('demo', '--port', '9080', '--admin-port', '9080');
  t.strictSame({ code, stdout }, { code: 2, stdout: '' });
  t.equal(stderr, 'headgate: --port and --admin-port are both 9080: choose two different ones\n');
});
