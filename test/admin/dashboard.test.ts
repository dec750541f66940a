import t, { type Test } from 'tap';
import { request } from 'undici';
import { hostRefusal } from '../../src/admin/host-guard.ts';
import { startAdmin } from '../../src/admin/server.ts';
import { STATE } from './admin-state.ts';

async function setUp(t: Test) {
  const errors: unknown[] = [];
  const listen = { address: '127.0.0.1', port: 0 };
  const admin = await startAdmin({ listen, state: STATE, onError: (error) => errors.push(error) });
  t.teardown(() => admin.close());
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await request(`http://127.0.0.1:${admin.port}${path}`, { headers });
    return { status: response.statusCode, headers: response.headers, body: await response.body.text() };
  };
  return { get, errors };
}

/** What a text of the page's own files leads to: `src`, `href` and `import`, all of them relative. */
function references(path: string, text: string): string[] {
  const found = [
    ...text.matchAll(/(?:src|href)="([^"#]+)"/g),
    ...text.matchAll(/^import [^;]*? from '([^']+)';$/gm),
  ].map((match) => match[1] ?? '');
  return found.map((one) => new URL(one, `http://admin${path}`).pathname);
}

t.test('the page and all that it refers to are served, each as what it is', async (t) => {
  const { get, errors } = await setUp(t);
  const types: Record<string, string> = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };
  const seen = new Set<string>();
  const waiting = ['/'];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const { status, headers, body } = await get(path);
    t.equal(status, 200, path);
    const type = path === '/' ? 'text/html' : types[path.split('.').at(-1) ?? ''];
    if (!path.startsWith('/api/')) t.match(headers['content-type'], type, path);
    if (type !== undefined && !path.includes('uplot')) waiting.push(...references(path, body));
  }
  for (const path of [
    '/dashboard/main.js',
    '/dashboard/uplot.js',
    '/dashboard/uplot.css',
    '/dashboard/dashboard.css',
  ]) {
    t.ok(seen.has(path), path);
  }
  t.same(errors, []);
});

t.test('the page may run and ask for what comes from here, and nothing else', async (t) => {
  const { get } = await setUp(t);
  const { headers, body } = await get('/');
  const policy = String(headers['content-security-policy']).split('; ');
  for (const directive of ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"]) {
    t.ok(policy.includes(directive), directive);
  }
  t.ok(policy.includes("require-trusted-types-for 'script'"), 'no text becomes markup');
  t.notMatch(String(headers['content-security-policy']), 'unsafe');
  t.match(headers, { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
  t.notMatch(body, /<script>|<style>| style="| on\w+="/, 'nothing in the page that the policy would refuse');
  t.notMatch(body, /https?:\/\//, 'no address of anybody else');
});

t.test('a file is sent again only when it is another one', async (t) => {
  const { get } = await setUp(t);
  const first = await get('/dashboard/uplot.js');
  const etag = String(first.headers['etag']);
  t.match(first, { status: 200, headers: { 'cache-control': 'no-cache' } });
  const again = await get('/dashboard/uplot.js', { 'if-none-match': `"other", ${etag}` });
  t.match(again, { status: 304, body: '' });
  t.equal(again.headers['content-length'], undefined);
  t.match(await get('/dashboard/uplot.js', { 'if-none-match': '"other"' }), { status: 200 });
});

t.test('no path leads out of the page’s files', async (t) => {
  const { get } = await setUp(t);
  const paths = [
    '/dashboard/',
    '/dashboard/../server.ts',
    '/dashboard/%2e%2e/server.ts',
    '/dashboard/uplot.d.ts',
    '/dashboard/__proto__',
  ];
  for (const path of paths) t.match(await get(path), { status: 404 });
});

t.test('a web site’s name over a loopback address is refused: DNS rebinding', async (t) => {
  const { get } = await setUp(t);
  for (const path of ['/', '/api/live', '/api/table', '/metrics', '/dashboard/main.js']) {
    t.match(await get(path, { host: 'attacker.example.com:8081' }), {
      status: 403,
      body: 'not by the name "attacker.example.com" over a loopback address, since it may be a web site\'s: ask by address, or as localhost\n',
    });
  }
  t.match(await get('/livez', { host: 'attacker.example.com' }), { status: 200 }, 'a probe has nothing to tell');
});

t.test('names that cannot be a web site’s, and other addresses, are served', async (t) => {
  for (const host of [
    'localhost:8081',
    '127.0.0.1',
    '[::1]:8081',
    'LOCALHOST',
    'pod-1',
    'headgate.shop.svc',
    'a.internal:80',
    'a.local.',
  ]) {
    t.equal(hostRefusal('127.0.0.1', host), null, host);
  }
  for (const local of ['::1', '::ffff:127.0.0.1', '127.0.0.53'])
    t.type(hostRefusal(local, 'a.example.com'), 'string', local);
  t.equal(hostRefusal('10.0.0.7', 'headgate.example.com'), null, 'the network decides who comes there');
  t.equal(hostRefusal('127.0.0.1', undefined), null, 'no browser');
});
