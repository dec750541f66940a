import { readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import t from 'tap';
import { ConfigError } from '../../src/config/config-error.ts';
import { autoConnections } from '../../src/config/connection-limit.ts';
import { loadConfig, parseConfig } from '../../src/config/load.ts';
import { knownKeys } from '../../src/config/schema.ts';

const STATIC = 'routes: [{ versions: { a: { weight: 1, endpoints: ["127.0.0.1:3001"] } } }]\n';

t.test('a configuration of one static route gets every default', async (t) => {
  t.strictSame(parseConfig(STATIC, 'h.yaml'), {
    listen: [{ address: '0.0.0.0', port: 8080, tls: null }],
    admin: { address: '127.0.0.1', port: 8081 },
    workers: 1,
    source: null,
    routes: [
      {
        name: 'default',
        place: 'h.yaml:1 routes[0]',
        hosts: null,
        path: '/',
        rollout: null,
        port: null,
        headers: [],
        experiments: null,
        tls: null,
        healthCheck: null,
        slowStart: 0,
        versions: { a: { weight: 1, endpoints: [{ host: '127.0.0.1', port: 3001 }] } },
      },
    ],
    timeouts: {
      connect: 5000,
      requestHeaders: 10_000,
      responseHeaders: 60_000,
      idle: 60_000,
      keepAlive: 75_000,
      upstreamIdle: 4000,
      pending: 5000,
      tunnel: 3_600_000,
    },
    limits: {
      requestLineBytes: 8192,
      headerBytes: 16_384,
      headers: 100,
      chunkExtensionBytes: 4096,
      drainBytes: 65_536,
      idleUpstreamConnections: 1024,
      connections: autoConnections(),
      connectionsPerAddress: 0,
      requestsPerEndpoint: 0,
      pending: 1024,
    },
    retries: { budget: 0.2, minimum: 3 },
    ejection: { failures: 5, time: 30_000, maxTime: 300_000, maxShare: 0.5, serverErrors: false },
    trailers: [],
    forwarded: { trusted: [] },
    versionHeader: null,
    metrics: { prefix: 'headgate_', httpAlias: false },
    analysis: { peers: null, timeout: 2000 },
    log: { level: 'info', access: false },
    drain: { delay: 5000, timeout: 30_000 },
  });
});

t.test('the configuration is frozen all the way down', async (t) => {
  const config = parseConfig(STATIC, 'h.yaml');
  t.ok(Object.isFrozen(config));
  t.ok(Object.isFrozen(config.limits));
  t.ok(Object.isFrozen(config.routes?.[0]?.versions?.['a']?.endpoints[0]));
});

t.test('every example in config/ is valid', async (t) => {
  const folder = resolve(import.meta.dirname, '../../config');
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  t.ok(files.includes('headgate.yaml') && files.includes('static.yaml'));
  for (const file of files) t.equal((await loadConfig(join(folder, file))).file, join(folder, file));
});

t.test('the complete example writes the defaults where it says that they are', async (t) => {
  const file = resolve(import.meta.dirname, '../../config/headgate.yaml');
  const { config } = await loadConfig(file);
  const plain = parseConfig(STATIC, 'h.yaml');
  for (const key of [
    'listen',
    'admin',
    'workers',
    'timeouts',
    'limits',
    'metrics',
    'analysis',
    'log',
    'drain',
  ] as const) {
    t.strictSame(config[key], plain[key], key);
  }
});

t.test('the complete example mentions every key that there is', async (t) => {
  const text = await readFile(resolve(import.meta.dirname, '../../config/headgate.yaml'), 'utf8');
  const paths = [
    [],
    ['listen', 0],
    ['listen', 0, 'tls'],
    ['listen', 0, 'tls', 'certificates', 0],
    ['admin'],
    ['routes', 0],
    ['routes', 0, 'headers', 0],
    ['routes', 0, 'experiments'],
    ['routes', 0, 'tls'],
    ['routes', 0, 'healthCheck'],
  ];
  const sections = ['timeouts', 'limits', 'retries', 'ejection', 'forwarded', 'metrics', 'analysis', 'log', 'drain'];
  for (const path of [...paths, ...sections.map((name) => [name])]) {
    const keys = knownKeys(path);
    t.ok(keys.length > 0, path.join('.'));
    for (const key of keys) t.match(text, new RegExp(`\\b${key}:`), key);
  }
});

t.test('hosts, header names and networks are normalised', async (t) => {
  const config = parseConfig(
    `
source: { files: [manifests, /srv/manifests] }
routes:
  - hosts: [API.Example.com, "*.Example.ORG", "[::1]"]
    path: /shop/
    rollout: shop/backend
    port: 80
    headers:
      - { name: X-Canary, exact: "true", to: canary }
      - { name: Authorization, prefix: "Bearer ", to: canary }
      - { name: x-user, regex: "(?i)a.*", to: stable, fallback: none }
      - { name: x-any, present: true, to: preview }
    experiments: { header: X-Exp, tokens: { t: search, u: "shop/search#b" } }
forwarded: { trusted: [10.1.2.3, "fd00::/8", "::1"] }
versionHeader: X-Version
trailers: [Server-Timing, X-Checksum]
`,
    '/etc/headgate/h.yaml',
  );
  t.strictSame(config.source, { files: ['/etc/headgate/manifests', '/srv/manifests'] });
  t.strictSame(config.routes, [
    {
      name: 'backend',
      place: '/etc/headgate/h.yaml:4 routes[0]',
      hosts: ['api.example.com', '*.example.org', '[::1]'],
      path: '/shop',
      rollout: { namespace: 'shop', name: 'backend' },
      port: 80,
      headers: [
        { name: 'x-canary', match: { kind: 'exact', value: 'true' }, to: 'canary', fallback: true },
        { name: 'authorization', match: { kind: 'prefix', value: 'Bearer ' }, to: 'canary', fallback: true },
        { name: 'x-user', match: { kind: 'regex', value: '(?i)a.*' }, to: 'stable', fallback: false },
        { name: 'x-any', match: { kind: 'present' }, to: 'preview', fallback: true },
      ],
      experiments: { header: 'x-exp', tokens: { t: 'search', u: 'shop/search#b' } },
      tls: null,
      healthCheck: null,
      slowStart: 0,
      versions: null,
    },
  ]);
  t.strictSame(config.trailers, ['server-timing', 'x-checksum']);
  t.strictSame(config.forwarded.trusted, ['10.1.2.3/32', 'fd00::/8', '::1/128']);
  t.equal(config.versionHeader, 'x-version');
});

t.test('listen may be a list, and port 0 may stand there twice', async (t) => {
  const text = `listen: [{ address: "127.0.0.1", port: 0 }, { address: "::1", port: 0 }]\nadmin: false\n${STATIC}`;
  const config = parseConfig(text, 'h.yaml');
  t.strictSame(config.listen, [
    { address: '127.0.0.1', port: 0, tls: null },
    { address: '::1', port: 0, tls: null },
  ]);
});

t.test('false and an empty value switch the admin server off', async (t) => {
  t.equal(parseConfig(`admin: false\n${STATIC}`, 'h.yaml').admin, null);
  t.equal(parseConfig(`admin:\n${STATIC}`, 'h.yaml').admin, null);
});

t.test('workers: auto is the number of cores', async (t) => {
  t.equal(parseConfig(`workers: auto\n${STATIC}`, 'h.yaml').workers, availableParallelism());
});

t.test('a source without routes leaves the routes to the Rollouts', async (t) => {
  t.equal(parseConfig('source: { files: [m] }', 'h.yaml').routes, null);
});

t.test('a request line follows a smaller limit of the head', async (t) => {
  t.equal(parseConfig(`limits: { headerBytes: 4KiB }\n${STATIC}`, 'h.yaml').limits.requestLineBytes, 4096);
});

const route = (path: string) => `routes: [{ path: ${path}, versions: { a: { weight: 1, endpoints: [] } } }]`;

t.test('a static route without a name is called after its path', async (t) => {
  t.equal(parseConfig(route('/plain/v2'), 'h.yaml').routes?.[0]?.name, 'plain-v2');
  t.equal(parseConfig(route('/~me/'), 'h.yaml').routes?.[0]?.name, 'me');
});

t.test('an anchor may be used twice', async (t) => {
  const config = parseConfig(
    `routes:
  - name: a
    path: /a
    versions: &both { s: { weight: 1, endpoints: ["a:1"] } }
  - name: b
    path: /b
    versions: *both
`,
    'h.yaml',
  );
  t.strictSame(config.routes?.[0]?.versions, config.routes?.[1]?.versions);
});

t.test('an IPv6 endpoint loses its brackets', async (t) => {
  const config = parseConfig('routes: [{ versions: { a: { weight: 1, endpoints: ["[::1]:80"] } } }]', 'h.yaml');
  t.strictSame(config.routes?.[0]?.versions?.['a']?.endpoints, [{ host: '::1', port: 80 }]);
});

t.test('a file that is not there, or is a folder, is one mistake without a line', async (t) => {
  const folder = t.testdir({});
  await t.rejects(loadConfig(join(folder, 'no.yaml')), {
    code: 'HEADGATE_CONFIG_UNREADABLE',
    message: `${folder}/no.yaml: cannot be read: there is no such file`,
  });
  await mkdir(join(folder, 'sub'));
  await t.rejects(loadConfig(join(folder, 'sub')), { message: `${folder}/sub: cannot be read: it is a folder` });
});

t.test('messages name the file as the user did', async (t) => {
  const folder = t.testdir({});
  await writeFile(join(folder, 'h.yaml'), 'workers: 0\n');
  const error = await loadConfig(`${folder}/../${folder.split('/').at(-1)}/h.yaml`).catch((error: unknown) => error);
  t.ok(error instanceof ConfigError);
  t.match(error, { code: 'HEADGATE_CONFIG_INVALID', mistakes: [{ file: /\/\.\.\// }, { file: /\/\.\.\// }] });
});

t.test('a cluster as the source: everything has a default, and a bare key is enough', async (t) => {
  const source = (text: string) => parseConfig(text, '/etc/headgate/headgate.yaml').source;
  const nothing = { namespaces: null, kubeconfig: null, context: null };
  t.strictSame(source('source: { kubernetes: {} }'), { kubernetes: nothing });
  t.strictSame(source('source:\n  kubernetes:\n'), { kubernetes: nothing });
  t.strictSame(source('source: { kubernetes: { namespaces: [shop], kubeconfig: kube/config, context: test } }'), {
    kubernetes: { namespaces: ['shop'], kubeconfig: '/etc/headgate/kube/config', context: 'test' },
  });
});

t.test('a cluster given from outside goes before the file key by key, and takes the place of files', async (t) => {
  const source = (text: string, given: unknown) => parseConfig(text, '/etc/headgate/headgate.yaml', given).source;
  const file = 'source: { kubernetes: { namespaces: [shop], context: test } }';
  t.strictSame(source(file, { kubernetes: { namespaces: ['api'] } }), {
    kubernetes: { namespaces: ['api'], kubeconfig: null, context: 'test' },
  });
  t.strictSame(source('source: { files: [m] }', { kubernetes: {} }), {
    kubernetes: { namespaces: null, kubeconfig: null, context: null },
  });
});

t.test('retries and ejection can be switched off, and changed in part', async (t) => {
  t.equal(parseConfig(`${STATIC}retries: false\n`, 'h.yaml').retries, null);
  t.equal(parseConfig(`${STATIC}ejection: false\n`, 'h.yaml').ejection, null);
  t.match(parseConfig(`${STATIC}ejection: { time: 1m }\n`, 'h.yaml').ejection, { failures: 5, time: 60_000 });
  t.same(parseConfig(`${STATIC}retries: { budget: 12.5% }\n`, 'h.yaml').retries, { budget: 0.125, minimum: 3 });
});

t.test('a health check needs nothing but its path', async (t) => {
  const of = (route: string) => parseConfig(STATIC.replace('{ versions', `{ ${route}, versions`), 'h.yaml').routes?.[0];
  t.strictSame(of('healthCheck: { path: "/healthz?a=b" }')?.healthCheck, {
    path: '/healthz?a=b',
    interval: 10_000,
    timeout: 2_000,
    healthy: 2,
    unhealthy: 3,
    statuses: [200, 399],
    host: null,
  });
  t.same(of('healthCheck: { path: /, statuses: 204, host: a.example }')?.healthCheck, {
    ...of('healthCheck: { path: / }')?.healthCheck,
    statuses: [204, 204],
    host: 'a.example',
  });
  t.equal(of('slowStart: 30s')?.slowStart, 30_000);
});
