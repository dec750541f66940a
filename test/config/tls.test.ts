import { copyFile, mkdir, rename, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ConfigError } from '../../src/config/config-error.ts';
import { type Loaded, loadConfig, parseConfig } from '../../src/config/load.ts';
import { ConfigWatcher } from '../../src/config/watch.ts';
import { pem, pemPath } from '../lib/certificates.ts';
import { check, ROUTES, SOURCE } from './mistakes.ts';

const FILES = new URL('../fixtures/tls/', import.meta.url).pathname;
const file = (name: string) => `${FILES}${name}`;
const pair = (certificate: string, key: string) => `{ certificate: ${file(certificate)}, key: ${file(key)} }`;
const listen = (...pairs: string[]) =>
  `listen: { port: 8443, tls: { certificates: [${pairs.join(', ')}] } }\n${ROUTES}`;
const upstream = (tls: string) => `routes: [{ tls: ${tls}, versions: { a: { weight: 1, endpoints: ["a:1"] } } }]`;

t.test('a listener with TLS has what its files say', async (t) => {
  const { listen: listeners } = parseConfig(
    listen(pair('server.crt', 'server.key'), pair('other.crt', 'other.key')),
    'h.yaml',
  );
  const tls = listeners[0]?.tls;
  t.equal(tls?.minVersion, 'TLSv1.2');
  const [first, second] = tls?.certificates ?? [];
  t.equal(first?.certificate, pem('server.crt'));
  t.equal(first?.key, pem('server.key'));
  t.equal(first?.place, 'h.yaml:1 listen.tls.certificates[0]');
  t.equal(first?.expires, Date.parse('2120-01-01T00:00:00Z'));
  t.same(first?.names, ['localhost', 'app.example.com']);
  t.same(second?.names, ['other.example.org', '*.wild.example.org']);
});

t.test('paths begin at the folder of the configuration', async (t) => {
  const folder = t.testdir({ 'tls.crt': pem('server.crt'), 'tls.key': pem('server.key') });
  const text = `listen: { tls: { certificates: [{ certificate: ./tls.crt, key: tls.key }], minVersion: TLSv1.3 } }\n${ROUTES}`;
  const { listen: listeners } = parseConfig(text, join(folder, 'h.yaml'));
  t.equal(listeners[0]?.tls?.certificates[0]?.file, './tls.crt');
  t.equal(listeners[0]?.tls?.minVersion, 'TLSv1.3');
});

t.test('TLS to endpoints has defaults, and true stands for all of them', async (t) => {
  const tls = (written: string) => parseConfig(upstream(written), 'h.yaml').routes?.[0]?.tls;
  t.strictSame(tls('true'), { ca: null, serverName: null, verify: true });
  t.strictSame(tls('{}'), { ca: null, serverName: null, verify: true });
  t.equal(tls('false'), null);
  t.strictSame(tls(`{ ca: ${file('ca.crt')}, serverName: API.internal, verify: true }`), {
    ca: pem('ca.crt'),
    serverName: 'api.internal',
    verify: true,
  });
});

check('the files of a listener are looked at', [
  [
    'missing',
    listen('{ certificate: /no/tls.crt, key: /no/tls.key }'),
    [
      "1:60 listen.tls.certificates[0].certificate: cannot be read: there is no such file (/no/tls.crt) (correct the path; it begins at the configuration's folder)",
      "1:78 listen.tls.certificates[0].key: cannot be read: there is no such file (/no/tls.key) (correct the path; it begins at the configuration's folder)",
    ],
  ],
  [
    'the key of another certificate, and a second pair that is right',
    listen(pair('server.crt', 'other.key'), pair('other.crt', 'other.key')),
    [
      `1:${67 + file('server.crt').length} listen.tls.certificates[0].key: is not the certificate's key (write the two files that were made together)`,
    ],
  ],
  [
    'the two exchanged',
    listen(pair('server.key', 'server.crt')),
    [
      '1:60 listen.tls.certificates[0].certificate: is not a certificate in PEM form (write the file that begins with -----BEGIN CERTIFICATE-----, such as tls.crt of a Secret)',
      `1:${67 + file('server.key').length} listen.tls.certificates[0].key: is not a private key in PEM form (write the file that begins with -----BEGIN PRIVATE KEY-----, such as tls.key of a Secret)`,
    ],
  ],
  [
    'a certificate for a key',
    listen(pair('server.crt', 'server.crt')),
    [
      `1:${67 + file('server.crt').length} listen.tls.certificates[0].key: is not a private key in PEM form (write the file that begins with -----BEGIN PRIVATE KEY-----, such as tls.key of a Secret)`,
    ],
  ],
  ['none', `listen: { tls: { certificates: [] } }\n${ROUTES}`, ['1:32 listen.tls.certificates: is empty']],
  [
    'an old version',
    `listen: [{ tls: { certificates: [${pair('server.crt', 'server.key')}], minVersion: TLSv1.1 } }]\n${ROUTES}`,
    [`1:${93 + 2 * FILES.length} listen[0].tls.minVersion: must be one of TLSv1.2, TLSv1.3, not "TLSv1.1"`],
  ],
]);

check('TLS to endpoints is looked at', [
  [
    'authorities that are not there',
    upstream('{ ca: /no/ca.crt }'),
    [
      "1:23 routes[0].tls.ca: cannot be read: there is no such file (/no/ca.crt) (correct the path; it begins at the configuration's folder)",
    ],
  ],
  [
    'authorities that are none',
    upstream(`{ ca: ${file('README.md')} }`),
    [
      '1:23 routes[0].tls.ca: is not a certificate in PEM form (write the file that begins with -----BEGIN CERTIFICATE-----, such as ca.crt of a Secret)',
    ],
  ],
  [
    'an address for a name',
    upstream('{ serverName: 10.0.0.1 }'),
    [
      '1:31 routes[0].tls.serverName: is not a host name: "10.0.0.1" (write a name that is in the certificate: api.internal)',
    ],
  ],
  [
    'Pods without a name to verify',
    `${SOURCE}routes: [{ rollout: web, tls: true }, { rollout: api, path: /a, tls: { verify: false } }, { rollout: x, path: /x, tls: { serverName: x } }]`,
    [
      '2:31 routes[0].tls: Pods are reached at their IP addresses, which are not in their certificates (write serverName: NAME, a name that is in them, or verify: false)',
    ],
  ],
]);

t.test('a key that is encrypted is refused', async (t) => {
  const { generateKeyPairSync } = await import('node:crypto');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' });
  const folder = t.testdir({ 'tls.crt': pem('server.crt'), 'tls.key': encrypted });
  const text = `listen: { tls: { certificates: [{ certificate: tls.crt, key: tls.key }] } }\n${ROUTES}`;
  t.throws(() => parseConfig(text, join(folder, 'h.yaml')), {
    message: /certificates\[0\]\.key: is encrypted \(decrypt it/,
  });
});

/** Watches a configuration in `folder`; `next` resolves with what is reported next. */
async function watching(t: Test, folder: string) {
  const path = join(folder, 'h.yaml');
  const reports: (Loaded | ConfigError)[] = [];
  let wake = () => {};
  const take = (report: Loaded | ConfigError) => {
    reports.push(report);
    wake();
  };
  const watcher = new ConfigWatcher(path, await loadConfig(path), { onChange: take, onError: take }, 10);
  watcher.start();
  t.teardown(() => watcher.stop());
  // The poller's timer holds no process open.
  const alive = setInterval(() => {}, 1_000);
  t.teardown(() => clearInterval(alive));
  const next = async (): Promise<string> => {
    while (reports.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const report = reports.shift();
    if (report instanceof ConfigError) return report.message;
    return report?.config.listen[0]?.tls?.certificates[0]?.names[0] ?? '';
  };
  return { next, reports };
}

const SECRET = `listen: { tls: { certificates: [{ certificate: tls.crt, key: tls.key }] } }\n${ROUTES}`;

t.test('the swap by which Kubernetes changes a mounted Secret is seen', async (t) => {
  const secret = (name: 'server' | 'other') => ({ 'tls.crt': pem(`${name}.crt`), 'tls.key': pem(`${name}.key`) });
  const folder = t.testdir({ 'h.yaml': SECRET, '..one': secret('server'), '..two': secret('other') });
  await symlink('..one', join(folder, '..data'));
  for (const name of ['tls.crt', 'tls.key']) await symlink(`..data/${name}`, join(folder, name));
  const { next, reports } = await watching(t, folder);
  await symlink('..two', join(folder, '..tmp'));
  await rename(join(folder, '..tmp'), join(folder, '..data'));
  t.equal(await next(), 'other.example.org');
  t.same(reports, [], 'once');
});

t.test('a pair that is broken is reported, and one that is whole again is taken', async (t) => {
  const folder = t.testdir({ 'h.yaml': SECRET, 'tls.crt': pem('server.crt'), 'tls.key': pem('server.key') });
  const { next } = await watching(t, folder);
  await copyFile(pemPath('other.crt'), join(folder, 'tls.crt'));
  t.match(await next(), /certificates\[0\]\.key: is not the certificate's key/);
  await copyFile(pemPath('other.key'), join(folder, 'tls.key'));
  t.equal(await next(), 'other.example.org');
  await unlink(join(folder, 'tls.key'));
  t.match(await next(), /certificates\[0\]\.key: cannot be read: there is no such file/);
  await copyFile(pemPath('other.key'), join(folder, 'tls.key'));
  t.equal(await next(), 'other.example.org', 'it is looked for although the configuration itself did not change');
});

t.test('a file that a changed configuration names is looked at from then on, and reported once', async (t) => {
  const folder = t.testdir({ 'h.yaml': SECRET, 'tls.crt': pem('server.crt'), 'tls.key': pem('server.key') });
  const { next, reports } = await watching(t, folder);
  await mkdir(join(folder, 'new'));
  await writeFile(join(folder, 'h.yaml'), SECRET.replaceAll(': tls.', ': new/tls.'));
  t.match(await next(), /cannot be read/);
  await copyFile(pemPath('other.key'), join(folder, 'new/tls.key'));
  await copyFile(pemPath('other.crt'), join(folder, 'new/tls.crt'));
  let report = await next();
  // The two files may be seen one after the other.
  if (report.includes('cannot be read')) report = await next();
  t.equal(report, 'other.example.org');
  t.same(reports, []);
  await copyFile(pemPath('server.crt'), join(folder, 'new/tls.crt'));
  await copyFile(pemPath('server.key'), join(folder, 'new/tls.key'));
  report = await next();
  if (report.includes("certificate's key")) report = await next();
  t.equal(report, 'localhost');
});
