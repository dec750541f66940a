import { check, SOURCE, VERSIONS } from './mistakes.ts';

const rule = (text: string) => `routes:\n  - ${VERSIONS}\n    headers:\n      - ${text}\n`;

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
