import t from 'tap';
import { check, mistakesOf, ROUTES, VERSIONS } from './mistakes.ts';

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
    `${ROUTES}\n---\nworkers: 2\n`,
    ['2:1: is more than one YAML document (remove the "---" in between)'],
  ],
  [
    'a duplicate key',
    `workers: 1\n${ROUTES}\nworkers: 2\n`,
    ['3:1 workers: is written twice, first in line 1 (keep one of them)'],
  ],
  [
    'an unknown alias',
    `workers: *cores\n${ROUTES}\n`,
    ['1:10 workers: names an anchor that is not there: *cores (define it above with &)'],
  ],
  ['a key that is no string', `${ROUTES}\n1: 2\n`, ['2:1 ["1"]: the key is not a string (write it in quotes: "1")']],
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
  ['near a key', `worker: 1\n${ROUTES}`, ['1:1 worker: unknown key (did you mean workers?)']],
  ['near no key', `log: { colour: true }\n${ROUTES}`, ['1:8 log.colour: unknown key (one of level, access)']],
  [
    'in a rule',
    `routes:\n  - ${VERSIONS}\n    headers:\n      - { name: a, exat: x, exact: x, to: a }\n`,
    ['4:20 routes[0].headers[0].exat: unknown key (did you mean exact?)'],
  ],
  [
    'in listen, which may be a list',
    `listen: { adress: "::" }\n${ROUTES}`,
    ['1:11 listen.adress: unknown key (did you mean address?)'],
  ],
  [
    'in a version',
    'routes: [{ versions: { a: { wieght: 1, endpoints: [] } } }]',
    ['1:29 routes[0].versions.a.wieght: unknown key (did you mean weight?)'],
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
