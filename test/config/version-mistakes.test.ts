import t from 'tap';
import { check, mistakesOf } from './mistakes.ts';

check('static versions have usable names, weights and endpoints', [
  [
    'none',
    'routes: [{ versions: {} }]',
    ['1:22 routes[0].versions: there is no version (write NAME: { weight: 1, endpoints: ["host:port"] })'],
  ],
  [
    'a name',
    'routes: [{ versions: { "a b": { weight: 1, endpoints: [] } } }]',
    [
      '1:24 routes[0].versions["a b"]: is not a usable name: "a b" (letters, digits and "-", "_", "." between them, at most 253)',
    ],
  ],
  [
    'weights',
    'routes: [{ versions: { a: { weight: 0.5, endpoints: [] }, b: { weight: -1, endpoints: [] }, c: { weight: "9", endpoints: [] } } }]',
    [
      '1:37 routes[0].versions.a.weight: must be a whole number, not 0.5',
      '1:72 routes[0].versions.b.weight: must be from 0 to 1000000, not -1',
      '1:106 routes[0].versions.c.weight: must be a whole number, not "9"',
    ],
  ],
  [
    'weights that are all 0',
    'routes: [{ versions: { a: { weight: 0, endpoints: [] }, b: { endpoints: [] } } }]',
    [
      '1:12 routes[0].versions: every weight is 0 (give a version a weight, or leave weight out where only a header leads)',
    ],
  ],
  [
    'no endpoints',
    'routes: [{ versions: { a: { weight: 1 } } }]',
    ['1:27 routes[0].versions.a.endpoints: is missing (it must be a list)'],
  ],
  [
    'endpoints',
    'routes: [{ versions: { a: { weight: 1, endpoints: ["a", "a:0", "::1:80", "[::1]:80", "http://a:1", "b:1", "b:1", 80] } } }]',
    [
      '1:52 routes[0].versions.a.endpoints[0]: is not an endpoint: "a" (write host:port, such as "10.0.0.7:8080" or "[::1]:80")',
      '1:57 routes[0].versions.a.endpoints[1]: has no usable port: "a:0" (a port is from 1 to 65535)',
      '1:64 routes[0].versions.a.endpoints[2]: is not an endpoint: "::1:80" (write host:port, such as "10.0.0.7:8080" or "[::1]:80")',
      '1:86 routes[0].versions.a.endpoints[4]: is not an endpoint: "http://a:1" (write host:port, such as "10.0.0.7:8080" or "[::1]:80")',
      '1:107 routes[0].versions.a.endpoints[6]: is listed twice (keep one of them)',
      '1:114 routes[0].versions.a.endpoints[7]: must be a string, not the number 80 (write it in quotes: "80")',
    ],
  ],
]);

check('an endpoint has a port that there is', [
  [
    'beyond the last port',
    'routes: [{ versions: { a: { weight: 1, endpoints: ["a:65536", "a:123456", "[::1]:0"] } } }]',
    [
      '1:52 routes[0].versions.a.endpoints[0]: has no usable port: "a:65536" (a port is from 1 to 65535)',
      '1:63 routes[0].versions.a.endpoints[1]: has no usable port: "a:123456" (a port is from 1 to 65535)',
      '1:75 routes[0].versions.a.endpoints[2]: has no usable port: "[::1]:0" (a port is from 1 to 65535)',
    ],
  ],
]);

check('an endpoint that is written in two ways is listed twice', [
  [
    'upper and lower case, a port with a zero in front',
    'routes: [{ versions: { a: { weight: 1, endpoints: ["app:80", "APP:80", "app:080", "[FD00::1]:1", "[fd00::1]:1", "app:81"] } } }]',
    [
      '1:62 routes[0].versions.a.endpoints[1]: is listed twice (keep one of them)',
      '1:72 routes[0].versions.a.endpoints[2]: is listed twice (keep one of them)',
      '1:98 routes[0].versions.a.endpoints[4]: is listed twice (keep one of them)',
    ],
  ],
]);

/** Whether a version at `endpoint` would send requests back to `listen`. */
const loops = (listen: string, endpoint: string) =>
  mistakesOf(`admin: false\n${listen}routes: [{ versions: { a: { weight: 1, endpoints: ["${endpoint}"] } } }]\n`).some(
    (line) => line.includes('every request would come back'),
  );

check('an endpoint where Headgate itself listens is a mistake: its requests would go round for ever', [
  [
    'the default address',
    'routes: [{ versions: { a: { weight: 1, endpoints: ["127.0.0.1:8080"] } } }]',
    [
      '1:52 routes[0].versions.a.endpoints[0]: is where Headgate itself listens (0.0.0.0, port 8080): every request would come back (write where the version listens, or choose another port in listen)',
    ],
  ],
]);

t.test('a loop is seen through localhost, IPv6 and addresses that mean every one', async (t) => {
  t.ok(loops('', 'localhost:8080'));
  t.ok(loops('listen: { address: "::" }\n', '[::1]:8080'));
  t.ok(loops('listen: { address: "::" }\n', '127.0.0.1:8080'));
  t.ok(loops('listen: [{ port: 81 }, { address: 10.0.0.7, port: 80 }]\n', '10.0.0.7:80'));
  t.ok(loops('listen: { address: "::1" }\n', 'localhost:8080'));
});

t.test('the same port elsewhere is no loop', async (t) => {
  t.notOk(loops('', '10.0.0.7:8080'));
  t.notOk(loops('', 'web:8080'));
  t.notOk(loops('', '127.0.0.1:8081'));
  t.notOk(loops('', '[::1]:8080'));
  t.notOk(loops('listen: { address: 127.0.0.1 }\n', '127.0.0.2:8080'));
});
