import t from 'tap';
import { leastCpu } from '../lib/least-cpu.ts';
import { load, route } from './match-tables.ts';
import { request, requestTo, requestWithoutHost } from './requests.ts';

t.test('an exact host wins over a suffix, and a suffix over any host', async (t) => {
  const { decide } = load(
    route('any'),
    route('suffix', { hosts: ['*.example.com'] }),
    route('exact', { hosts: ['api.example.com'] }),
  );
  t.equal(decide(requestTo('api.example.com')).route, 'exact');
  t.equal(decide(requestTo('www.example.com')).route, 'suffix');
  t.equal(decide(requestTo('example.net')).route, 'any');
});

t.test('the longest suffix wins, whatever the order of the routes', async (t) => {
  const short = route('short', { hosts: ['*.example.com'] });
  const long = route('long', { hosts: ['*.eu.example.com'] });
  for (const routes of [
    [short, long],
    [long, short],
  ]) {
    const { decide } = load(...routes);
    t.equal(decide(requestTo('api.eu.example.com')).route, 'long');
    t.equal(decide(requestTo('a.b.eu.example.com')).route, 'long');
    t.equal(decide(requestTo('eu.example.com')).route, 'short');
  }
});

t.test('a suffix means a name below it, never the name itself', async (t) => {
  const { decide } = load(route('suffix', { hosts: ['*.example.com'] }));
  t.equal(decide(requestTo('example.com')).route, null);
  t.equal(decide(requestTo('.example.com')).route, null);
  t.equal(decide(requestTo('badexample.com')).route, null);
  t.equal(decide(requestTo('a.example.com')).route, 'suffix');
});

t.test('hosts are compared case-insensitively', async (t) => {
  const { decide } = load(
    route('exact', { hosts: ['api.example.com'] }),
    route('suffix', { hosts: ['*.example.org'] }),
    route('literal', { hosts: ['[2001:db8::a]'] }),
  );
  t.equal(decide(requestTo('API.Example.COM')).route, 'exact');
  t.equal(decide(requestTo('WWW.EXAMPLE.ORG')).route, 'suffix');
  t.equal(decide(requestTo('[2001:DB8::A]')).route, 'literal');
});

t.test('the port is no part of the host', async (t) => {
  const { decide } = load(
    route('exact', { hosts: ['api.example.com'] }),
    route('address', { hosts: ['[::1]'] }),
    route('ipv4', { hosts: ['127.0.0.1'] }),
    route('suffix', { hosts: ['*.example.org'] }),
  );
  t.equal(decide(requestTo('api.example.com:8080')).route, 'exact');
  t.equal(decide(requestTo('api.example.com:')).route, 'exact');
  t.equal(decide(requestTo('[::1]')).route, 'address');
  t.equal(decide(requestTo('[::1]:80')).route, 'address');
  t.equal(decide(requestTo('127.0.0.1:80')).route, 'ipv4');
  t.equal(decide(requestTo('www.example.org:443')).route, 'suffix');
});

t.test('the root dot is no part of the host', async (t) => {
  const { decide } = load(
    route('exact', { hosts: ['api.example.com'] }),
    route('suffix', { hosts: ['*.example.org'] }),
  );
  t.equal(decide(requestTo('api.example.com.')).route, 'exact');
  t.equal(decide(requestTo('api.example.com.:80')).route, 'exact');
  t.equal(decide(requestTo('www.example.org.')).route, 'suffix');
  t.equal(decide(requestTo('api.example.com..')).route, null);
});

t.test('a host that merely contains a known one is another host (CVE-2026-55602)', async (t) => {
  const { decide } = load(
    route('exact', { hosts: ['api.example.com'] }),
    route('suffix', { hosts: ['*.example.org'] }),
  );
  for (const host of [
    'evil-api.example.com',
    'api.example.com.evil.org',
    'x.api.example.com',
    'api.example.comm',
    'pi.example.com',
    'www.example.org.evil.net',
    'wwwexample.org',
    '%61pi.example.com',
  ]) {
    t.equal(decide(requestTo(host)).route, null, host);
  }
});

t.test('the authority of an absolute-form target wins over Host', async (t) => {
  const { decide } = load(route('api', { hosts: ['api.example.com'] }), route('www', { hosts: ['www.example.com'] }));
  t.equal(decide(request('http://www.example.com:81/x', 'host: api.example.com')).route, 'www');
  t.equal(decide(request('http://nobody.example/x', 'host: api.example.com')).route, null);
});

t.test('a request without a host gets the routes for any host only', async (t) => {
  const { decide } = load(route('exact', { hosts: ['api.example.com'] }), route('any', { path: '/open' }));
  t.equal(decide(requestWithoutHost('/open')).route, 'any');
  t.equal(decide(requestWithoutHost('/')).route, null);
});

t.test('the longest path prefix wins, whatever the order of the routes', async (t) => {
  const routes = [route('root'), route('a', { path: '/a' }), route('b', { path: '/a/b' })];
  for (const { decide } of [load(...routes), load(...routes.toReversed())]) {
    t.equal(decide(request('/')).route, 'root');
    t.equal(decide(request('/a')).route, 'a');
    t.equal(decide(request('/a/c')).route, 'a');
    t.equal(decide(request('/a/b')).route, 'b');
    t.equal(decide(request('/a/b/c')).route, 'b');
  }
});

t.test('a path prefix ends at a segment', async (t) => {
  const { decide } = load(route('a', { path: '/a' }));
  t.equal(decide(request('/a')).route, 'a');
  t.equal(decide(request('/a/')).route, 'a');
  t.equal(decide(request('/ab')).route, null);
  t.equal(decide(request('/')).route, null);
  t.equal(decide(request('/A')).route, null);
});

t.test('a slash at the end of a prefix means nothing', async (t) => {
  const { decide } = load(route('a', { path: '/a/' }));
  t.equal(decide(request('/a')).route, 'a');
  t.equal(decide(request('/a/b')).route, 'a');
  t.equal(decide(request('/ab')).route, null);
});

t.test('the query is no part of the path', async (t) => {
  const { decide } = load(route('a', { path: '/a' }), route('b', { path: '/b' }));
  t.equal(decide(request('/a?x=1')).route, 'a');
  t.equal(decide(request('/a?/b')).route, 'a');
  t.equal(decide(request('/?/a')).route, null);
});

t.test('an absolute-form target without a path is for the root', async (t) => {
  const { decide } = load(route('root'), route('a', { path: '/a' }));
  t.equal(decide(request('http://api.example.com')).route, 'root');
  t.equal(decide(request('http://api.example.com?/a')).route, 'root');
  t.equal(decide(request('http://api.example.com/a?b')).route, 'a');
});

t.test('a host without a route for the path leaves it to a less specific host', async (t) => {
  const { decide } = load(
    route('exact', { hosts: ['api.example.com'], path: '/exact' }),
    route('long', { hosts: ['*.example.com'], path: '/suffix' }),
    route('short', { hosts: ['*.com'], path: '/short' }),
    route('any', { path: '/any' }),
  );
  t.equal(decide(request('/exact')).route, 'exact');
  t.equal(decide(request('/suffix')).route, 'long');
  t.equal(decide(request('/short')).route, 'short');
  t.equal(decide(request('/any')).route, 'any');
  t.equal(decide(request('/other')).route, null);
});

t.test('a more specific host wins over a longer path', async (t) => {
  const { decide } = load(route('any', { path: '/a/b/c' }), route('exact', { hosts: ['api.example.com'] }));
  t.equal(decide(request('/a/b/c')).route, 'exact');
});

t.test('a route with several hosts takes each of them', async (t) => {
  const { decide } = load(route('web', { hosts: ['web', 'web.shop.svc', '*.web.example'] }));
  for (const host of ['web', 'web.shop.svc', 'x.web.example']) t.equal(decide(requestTo(host)).route, 'web', host);
  t.equal(decide(requestTo('web.shop')).route, null);
});

t.test('without a route nothing is chosen', async (t) => {
  const { decide } = load();
  t.same(decide(request('/', 'x-canary: true')), {
    route: null,
    chosen: null,
    served: null,
    rule: '',
    from: '',
    reason: '',
    mayFallBack: true,
  });
});

t.test('a host longer than any name goes to the routes for any host, and costs next to nothing', async (t) => {
  const { decide } = load(route('suffix', { hosts: ['*.example.com'] }), route('any', { path: '/any' }));
  const longest = `${'a'.repeat(241)}.example.com`;
  t.equal(decide(requestTo(longest)).route, 'suffix');
  t.equal(decide(requestTo(`${longest}.:8080`)).route, 'suffix');
  t.equal(decide(requestTo(`a${longest}`)).route, null);
  t.equal(decide(request('/any', `host: a${longest}`)).route, 'any');
});

t.test('no host that a client can send takes long to look up', async (t) => {
  // Looking up each suffix of a host of n labels is n * n / 2 bytes: 32 MB for one of 8,000 bytes, were it not refused by its length.
  const { decide } = load(...Array.from({ length: 1_000 }, (_, i) => route(`r${i}`, { hosts: [`*.r${i}.example`] })));
  for (const host of ['a.'.repeat(4_000), '.'.repeat(8_000), '1'.repeat(8_000), 'a'.repeat(8_000)]) {
    const view = requestTo(host);
    const began = process.cpuUsage();
    let found = 0;
    for (let i = 0; i < 500; i += 1) if (decide(view).route !== null) found += 1;
    const { user, system } = process.cpuUsage(began);
    t.equal(found, 0);
    t.ok(user + system < 1_000_000, `${host.slice(0, 4)}... 500 times: ${user + system} microseconds`);
  }
});

t.test('a table of 1,000 Rollouts with four hosts each is loaded without a long stop', async (t) => {
  // Searching all routes again for each host took 130 ms, in which a worker answers nobody.
  const routes = Array.from({ length: 1_000 }, (_, i) =>
    route(`r${i}`, { hosts: [`r${i}`, `r${i}.shop`, `r${i}.shop.svc`, `r${i}.shop.svc.cluster.local`] }),
  );
  const cost = (count: number): number => leastCpu(() => load(...routes.slice(0, count)));
  const [few, many] = [cost(100), cost(1_000)];
  t.ok(
    many < 40 * few,
    `${many} microseconds, ${few} for a hundred; each searched for in all of them is 100 times as many`,
  );
  const { decide } = load(...routes);
  t.equal(decide(requestTo('r777.shop.svc')).route, 'r777');
});
