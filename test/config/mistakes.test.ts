import t from 'tap';
import { ConfigError } from '../../src/config/config-error.ts';
import { parseConfig } from '../../src/config/load.ts';

/** What `check` would print, without the file's name. */
function mistakesOf(text: string): string[] {
  try {
    parseConfig(text, 'h.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n').map((line) => line.replace(/^h\.yaml:/, ''));
  }
}

/** A valid static route at the end of a text whose mistakes are elsewhere. */
const ROUTE = 'routes: [{ versions: { a: { weight: 1, endpoints: ["a:1"] } } }]';
const version = 'versions: { a: { weight: 1, endpoints: ["a:1"] } }';

/** Name of the mistake, the text, what is printed for it. */
type Case = readonly [name: string, text: string, expected: readonly string[]];

function check(title: string, cases: readonly Case[]): void {
  t.test(title, async (t) => {
    for (const [name, text, expected] of cases) t.strictSame(mistakesOf(text), expected, name);
  });
}

check('YAML that is broken is placed and explained', [
  ['empty', '', ['1:1: is empty (write routes or a source)']],
  ['only a comment', '# nothing\n', ['1:1: is empty (write routes or a source)']],
  ['a list', '- a\n', ['1:1: must be a map, not a list']],
  [
    'syntax',
    'workers: 1\nroutes: [\n',
    [
      '3:1: is not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ] (begin the lines of one map or list in the same column, and close every bracket and quote)',
    ],
  ],
  ['a tab', 'log:\n\tlevel: info\n', ['2:1: is indented with a tab (YAML wants blanks)']],
  [
    'a colon in a text',
    'versionHeader: x: y\n',
    [
      '1:16: is not valid YAML: Nested mappings are not allowed in compact mappings (put a text with ": " in quotes, and a ":" behind each key)',
    ],
  ],
  [
    'two documents',
    `${ROUTE}\n---\nworkers: 2\n`,
    ['2:1: is more than one YAML document (remove the "---" in between)'],
  ],
  [
    'a duplicate key',
    `workers: 1\n${ROUTE}\nworkers: 2\n`,
    ['3:1 workers: is written twice, first in line 1 (keep one of them)'],
  ],
  [
    'an unknown alias',
    `workers: *cores\n${ROUTE}\n`,
    ['1:10 workers: names an anchor that is not there: *cores (define it above with &)'],
  ],
  ['a key that is no string', `${ROUTE}\n1: 2\n`, ['2:1 ["1"]: the key is not a string (write it in quotes: "1")']],
]);

t.test('aliases that multiply are refused', async (t) => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 9; i += 1)
    lines.push(
      `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  t.match(mistakesOf(lines.join('\n')), [/^1:1: is not usable YAML: Excessive alias count/]);
});

t.test('nesting without end is refused', async (t) => {
  t.match(mistakesOf(`workers: ${'['.repeat(100_000)}`), [/^1:1: is not usable YAML|is not valid YAML/]);
});

check('keys that are not there are named, with what was meant', [
  ['near a key', `worker: 1\n${ROUTE}`, ['1:1 worker: unknown key (did you mean workers?)']],
  ['near no key', `log: { colour: true }\n${ROUTE}`, ['1:8 log.colour: unknown key (one of level, access)']],
  [
    'in a rule',
    `routes:\n  - ${version}\n    headers:\n      - { name: a, exat: x, exact: x, to: a }\n`,
    ['4:20 routes[0].headers[0].exat: unknown key (did you mean exact?)'],
  ],
  [
    'in listen, which may be a list',
    `listen: { adress: "::" }\n${ROUTE}`,
    ['1:11 listen.adress: unknown key (did you mean address?)'],
  ],
  [
    'in a version',
    'routes: [{ versions: { a: { wieght: 1, endpoints: [] } } }]',
    ['1:29 routes[0].versions.a.wieght: unknown key (did you mean weight?)'],
  ],
]);

check('a value of the wrong kind is placed and explained', [
  [
    'a duration',
    `timeouts:\n  connect: 5\n  idle: 5 minutes\n${ROUTE}`,
    [
      '2:12 timeouts.connect: has no unit: 5 (write 5s or 5ms)',
      '3:9 timeouts.idle: is not a duration: "5 minutes" (write a number with its unit: 250ms, 5s, 2m or 1h30m)',
    ],
  ],
  [
    'a duration beyond its bounds',
    `timeouts: { connect: 11m }\n${ROUTE}`,
    ['1:22 timeouts.connect: must be from 0 to 10m, not 11m'],
  ],
  [
    'a size',
    `limits:\n  headerBytes: 16384\n${ROUTE}`,
    ['2:16 limits.headerBytes: has no unit: 16384 (write 16384B or 16384KiB)'],
  ],
  [
    'a size beyond its bounds',
    `limits: { headerBytes: 2MiB, headers: 0 }\n${ROUTE}`,
    [
      '1:24 limits.headerBytes: must be from 256B to 48KiB, not 2MiB',
      '1:39 limits.headers: must be from 1 to 10000, not 0',
    ],
  ],
  ['a map', `limits: 5\n${ROUTE}`, ['1:9 limits: must be a map, not the number 5']],
  ['nothing', `limits:\n${ROUTE}`, ['1:1 limits: must be a map, not empty']],
  ['a list', 'routes: { a: 1 }', ['1:9 routes: must be a list, not a map']],
  ['one file instead of a list', 'source: { files: ./m }', ['1:18 source.files: must be a list, not "./m"']],
  ['workers', `workers: many\n${ROUTE}`, ['1:10 workers: must be a whole number or auto, not "many"']],
  ['no workers', `workers: 0\n${ROUTE}`, ['1:10 workers: must be from 1 to 256, not 0']],
  ['half a worker', `workers: 1.5\n${ROUTE}`, ['1:10 workers: must be a whole number, not 1.5']],
  ['a port', `listen: { port: 70000 }\n${ROUTE}`, ['1:17 listen.port: must be from 0 to 65535, not 70000']],
  ['no address at all', `listen: []\n${ROUTE}`, ['1:9 listen: is empty']],
  [
    'an address with its port',
    `listen: [{ address: "127.0.0.1:80" }]\n${ROUTE}`,
    [
      '1:21 listen[0].address: is not an address to listen at: "127.0.0.1:80" (write an IP address such as 0.0.0.0, 127.0.0.1 or "::", or localhost; the port has a key of its own)',
    ],
  ],
  ['a flag', `log: { access: "yes" }\n${ROUTE}`, ['1:16 log.access: must be true or false, not "yes"']],
  [
    'a choice',
    `log: { level: loud }\n${ROUTE}`,
    ['1:15 log.level: must be one of debug, info, warn, error, silent, not "loud"'],
  ],
  [
    'a metric prefix',
    `metrics: { prefix: head-gate }\n${ROUTE}`,
    ['1:20 metrics.prefix: cannot begin a metric\'s name: "head-gate" (letters, digits and "_": headgate_)'],
  ],
  [
    'networks',
    `forwarded: { trusted: [10.0.0.0/33, lan, "::/200"] }\n${ROUTE}`,
    [
      '1:24 forwarded.trusted[0]: is not a network: "10.0.0.0/33" (write 10.0.0.0/8 or "fd00::/8")',
      '1:37 forwarded.trusted[1]: is not a network: "lan" (write 10.0.0.0/8 or "fd00::/8")',
      '1:42 forwarded.trusted[2]: is not a network: "::/200" (write 10.0.0.0/8 or "fd00::/8")',
    ],
  ],
  [
    'a version header',
    `versionHeader: "x version"\n${ROUTE}`,
    ['1:16 versionHeader: is not a header name: "x version" (write the name alone, such as x-canary)'],
  ],
  [
    'a version header with a meaning',
    `versionHeader: Server\n${ROUTE}`,
    ['1:16 versionHeader: has a meaning of its own: server (choose another, such as x-headgate-version)'],
  ],
  [
    'a version header of the connection',
    `versionHeader: Transfer-Encoding\n${ROUTE}`,
    [
      '1:16 versionHeader: concerns one connection only: transfer-encoding (choose a header that is sent from end to end)',
    ],
  ],
]);

check('a source or routes must be there', [
  [
    'neither',
    'workers: 1\n',
    ['1:1: there are neither routes nor a source (write routes with versions, or source: { files: [...] })'],
  ],
  ['empty routes', 'routes: []\n', ['1:9 routes: is empty (write at least one)']],
  [
    'empty routes with a source',
    'source: { files: [m] }\nroutes: []\n',
    ['2:9 routes: is empty (leave it out, and each Rollout gets a route)'],
  ],
  [
    'a source of nothing',
    'source: {}',
    ['1:9 source.files: is missing (list manifest files or folders: [./manifests])'],
  ],
  ['no file', 'source: { files: [] }', ['1:18 source.files: is empty (list manifest files or folders: [./manifests])']],
  [
    'a cluster',
    'source:\n  kubernetes: { namespaces: [shop] }',
    ['2:3 source.kubernetes: reading a cluster is not built yet (use files)'],
  ],
  [
    'a rollout without a source',
    'routes:\n  - rollout: a\n',
    ['2:5 routes[0].rollout: there is no source to read a Rollout from (write source: { files: [...] })'],
  ],
]);

const SOURCE = 'source: { files: [m] }\n';

check('a route has a rollout or versions, with what belongs to it', [
  [
    'neither',
    `${SOURCE}routes:\n  - name: a\n`,
    ['3:5 routes[0]: a route needs a rollout or versions (write rollout: NAME, or versions with endpoints)'],
  ],
  [
    'both',
    `${SOURCE}routes:\n  - rollout: a\n    ${version}\n`,
    ['4:5 routes[0].versions: a route has a rollout or versions, not both (remove one of them)'],
  ],
  [
    'port and experiments',
    `routes:\n  - ${version}\n    port: 80\n    experiments: { header: x }\n`,
    [
      '3:5 routes[0].port: applies only to a route with a rollout (remove it)',
      '4:5 routes[0].experiments: applies only to a route with a rollout (remove it)',
    ],
  ],
  [
    'names',
    `${SOURCE}routes:\n  - name: a b\n    rollout: Shop/Back_end\n    port: HTTP\n`,
    [
      '3:11 routes[0].name: is not a usable name: "a b" (letters, digits and "-", "_", "." between them, at most 253)',
      '4:14 routes[0].rollout: is not a Kubernetes name: "Shop" (lower-case letters, digits, "-" and "."; at most 253)',
      '5:11 routes[0].port: is not a Kubernetes name: "HTTP" (lower-case letters, digits, "-" and "."; at most 253)',
    ],
  ],
  [
    'hosts',
    `routes:\n  - ${version}\n    hosts: ["a:80", "http://a", "*", "a.*.b", "a/b", "a_b", "-a", "bücher.example"]\n`,
    [
      '3:13 routes[0].hosts[0]: is not a host: "a:80" (write the host without a port)',
      '3:21 routes[0].hosts[1]: is not a host: "http://a" (write the host alone, without scheme or path)',
      '3:33 routes[0].hosts[2]: "*" is not a host (leave hosts out to take every host)',
      '3:38 routes[0].hosts[3]: is not a host: "a.*.b" ("*" stands only for whole labels at the front: "*.example.org")',
      '3:47 routes[0].hosts[4]: is not a host: "a/b" (write the host alone; the path has a key of its own)',
      '3:61 routes[0].hosts[6]: is not a host: "-a" (write api.example.com or "*.example.org")',
      '3:67 routes[0].hosts[7]: is not a host: "bücher.example" (write an international name in its "xn--" form)',
    ],
  ],
  [
    'a path',
    `routes:\n  - path: a\n    ${version}\n`,
    ['2:11 routes[0].path: does not begin with "/": "a" (write /a)'],
  ],
  [
    'a path with a query',
    `routes:\n  - path: /a?b\n    ${version}\n`,
    ['2:11 routes[0].path: is not a path prefix: "/a?b" (no "?", "#", "*" or blanks; percent-encode the rest)'],
  ],
  [
    'a path with dots',
    `routes:\n  - path: /a/../b\n    ${version}\n`,
    ['2:11 routes[0].path: has a "." or ".." segment: "/a/../b"'],
  ],
]);

check('two routes do not share a name or a host with a path', [
  [
    'a name',
    `routes:\n  - { name: a, ${version} }\n  - { name: a, path: /b, ${version} }\n`,
    ['3:13 routes[1].name: the name "a" is taken by the route in line 2 (give it a name of its own)'],
  ],
  [
    'a name that nobody wrote',
    `${SOURCE}routes:\n  - rollout: s/a\n  - { path: /b, rollout: t/a }\n`,
    ['4:5 routes[1]: the name "a" is taken by the route in line 3 (give it a name of its own)'],
  ],
  [
    'a host',
    `routes:\n  - { name: a, hosts: [A.com, b.com], path: /x, ${version} }\n  - { name: b, hosts: [c.com, a.com], path: /x/, ${version} }\n`,
    ['3:31 routes[1].hosts[1]: a.com with path /x is taken by the route in line 2 (change the host or the path)'],
  ],
  [
    'any host',
    `routes:\n  - { name: a, ${version} }\n  - { name: b, ${version} }\n`,
    ['3:5 routes[1]: any host with path / is taken by the route in line 2 (change the host or the path)'],
  ],
  [
    'a host twice in one route',
    `routes:\n  - { hosts: [a.com, a.com], ${version} }\n`,
    ['2:22 routes[0].hosts[1]: a.com with path / is listed twice (change the host or the path)'],
  ],
]);

const rule = (text: string) => `routes:\n  - ${version}\n    headers:\n      - ${text}\n`;

check('a header rule says one thing about one header', [
  [
    'no matcher',
    rule('{ name: x, to: a }'),
    ['4:9 routes[0].headers[0]: says nothing about the value (write exactly one of exact, prefix, regex or present)'],
  ],
  [
    'two matchers',
    rule('{ name: x, exact: a, prefix: b, to: a }'),
    [
      '4:9 routes[0].headers[0]: says several things: exact, prefix (write exactly one of exact, prefix, regex or present)',
    ],
  ],
  [
    'an unquoted true',
    rule('{ name: x, exact: true, to: a }'),
    ['4:27 routes[0].headers[0].exact: must be a string, not the boolean true (write it in quotes: "true")'],
  ],
  [
    'an unquoted number',
    rule('{ name: x, exact: 1, to: a }'),
    ['4:27 routes[0].headers[0].exact: must be a string, not the number 1 (write it in quotes: "1")'],
  ],
  [
    'present: false',
    rule('{ name: x, present: false, to: a }'),
    [
      '4:29 routes[0].headers[0].present: must be true, not the boolean false (a rule for a header that is absent is not there)',
    ],
  ],
  [
    'look-ahead',
    rule('{ name: x, regex: "(?=a)", to: a }'),
    [
      '4:27 routes[0].headers[0].regex: is not a regular expression in RE2 syntax: invalid or unsupported Perl syntax: `(?=` (RE2 has no look-around or back-references)',
    ],
  ],
  [
    'an empty prefix',
    rule('{ name: x, prefix: "", to: a }'),
    ['4:28 routes[0].headers[0].prefix: is empty, which every value begins with (write present: true)'],
  ],
  [
    'a value with a blank',
    rule('{ name: x, exact: " a", to: a }'),
    [
      '4:27 routes[0].headers[0].exact: is not a value that a header can have: " a" (printable ASCII, with no blank at either end)',
    ],
  ],
  ['no name', rule('{ exact: x, to: a }'), ['4:9 routes[0].headers[0].name: is missing (it must be a string)']],
  [
    'a name with a colon',
    rule('{ name: "x:", exact: x, to: a }'),
    ['4:17 routes[0].headers[0].name: is not a header name: "x:" (write the name alone, such as x-canary)'],
  ],
  [
    'a hop-by-hop name',
    rule('{ name: Connection, exact: x, to: a }'),
    [
      '4:17 routes[0].headers[0].name: concerns one connection only: connection (choose a header that is sent from end to end)',
    ],
  ],
  [
    'host',
    rule('{ name: Host, exact: x, to: a }'),
    ["4:17 routes[0].headers[0].name: is not a header to route by: host (use the route's hosts)"],
  ],
  [
    'fallback',
    rule('{ name: x, exact: x, to: a, fallback: stable }'),
    ['4:47 routes[0].headers[0].fallback: must be "none", not "stable"'],
  ],
  ['no target', rule('{ name: x, exact: x }'), ['4:9 routes[0].headers[0].to: is missing (it must be a string)']],
  [
    'an unknown version',
    rule('{ name: x, exact: x, to: b }'),
    ['4:34 routes[0].headers[0].to: names no version of this route: "b" (did you mean a?)'],
  ],
  [
    'an unknown role',
    `${SOURCE}routes:\n  - rollout: a\n    headers: [{ name: x, exact: x, to: cannary }, { name: x, exact: y, to: blue }]\n`,
    [
      '4:40 routes[0].headers[0].to: names no version of this route: "cannary" (did you mean canary?)',
      '4:76 routes[0].headers[1].to: names no version of this route: "blue" (one of stable, canary, active, preview)',
    ],
  ],
]);

check('an experiment header and its tokens are usable', [
  [
    'the header',
    `${SOURCE}routes:\n  - rollout: a\n    experiments: { header: te }\n`,
    [
      '4:28 routes[0].experiments.header: concerns one connection only: te (choose a header that is sent from end to end)',
    ],
  ],
  [
    'no header',
    `${SOURCE}routes:\n  - rollout: a\n    experiments: { tokens: { t: e } }\n`,
    ['4:18 routes[0].experiments.header: is missing (it must be a string)'],
  ],
  [
    'a token that YAML reads as a number',
    `${SOURCE}routes:\n  - rollout: a\n    experiments:\n      header: x\n      tokens:\n        12345678901234567890: e\n`,
    [
      '7:9 routes[0].experiments.tokens["12345678901234567890"]: the key is not a string (write it in quotes: "12345678901234567890")',
    ],
  ],
  [
    'a token that no header can hold',
    `${SOURCE}routes:\n  - rollout: a\n    experiments: { header: x, tokens: { " t": e } }\n`,
    ['4:41 routes[0].experiments.tokens[" t"]: is not a usable token (printable ASCII, with no blank at either end)'],
  ],
  [
    "an experiment's name",
    `${SOURCE}routes:\n  - rollout: a\n    experiments: { header: x, tokens: { t: E_1 } }\n`,
    [
      '4:44 routes[0].experiments.tokens.t: is not a Kubernetes name: "E_1" (lower-case letters, digits, "-" and "."; at most 253)',
    ],
  ],
]);

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
      '1:57 routes[0].versions.a.endpoints[1]: is not an endpoint: "a:0" (write host:port, such as "10.0.0.7:8080" or "[::1]:80")',
      '1:64 routes[0].versions.a.endpoints[2]: is not an endpoint: "::1:80" (write host:port, such as "10.0.0.7:8080" or "[::1]:80")',
      '1:86 routes[0].versions.a.endpoints[4]: is not an endpoint: "http://a:1" (write host:port, such as "10.0.0.7:8080" or "[::1]:80")',
      '1:107 routes[0].versions.a.endpoints[6]: is listed twice (keep one of them)',
      '1:114 routes[0].versions.a.endpoints[7]: must be a string, not the number 80 (write it in quotes: "80")',
    ],
  ],
]);

check('servers do not share a port, and limits fit together', [
  [
    'admin on the port of listen',
    `listen: { port: 8081 }\n${ROUTE}`,
    ['1:1: port 8081 is taken by listen (line 1) (choose another port)'],
  ],
  [
    'admin on the default port',
    `admin:\n  port: 8080\n${ROUTE}`,
    ['2:3 admin: port 8080 is taken by listen (its default) (choose another port)'],
  ],
  [
    'an address twice',
    `listen: [{ port: 1 }, { address: "127.0.0.1", port: 1 }]\n${ROUTE}`,
    ['1:23 listen[1]: port 1 is taken by listen (line 1) (choose another port)'],
  ],
  [
    'a request line beyond the head',
    `limits: { requestLineBytes: 32KiB }\n${ROUTE}`,
    [
      '1:29 limits.requestLineBytes: is more than headerBytes, which counts the request line too (16384B) (raise headerBytes)',
    ],
  ],
]);

t.test('every mistake is reported at once, in the order of the file', async (t) => {
  const text = `lisen: { port: 80 }
workers: none
routes:
  - name: a
    path: b
    headers:
      - { name: "x y", exact: true, to: c }
    versions:
      v: { weight: x, endpoints: ["a"] }
  - name: a
timeouts: { connect: 5 }
`;
  t.strictSame(
    mistakesOf(text).map((line) => line.slice(0, line.indexOf(': '))),
    [
      '1:1 lisen',
      '2:10 workers',
      '5:11 routes[0].path',
      '7:17 routes[0].headers[0].name',
      '7:31 routes[0].headers[0].exact',
      '7:41 routes[0].headers[0].to',
      '9:20 routes[0].versions.v.weight',
      '9:35 routes[0].versions.v.endpoints[0]',
      '10:5 routes[1]',
      '10:11 routes[1].name',
      '11:22 timeouts.connect',
    ],
  );
});
