import { check, SOURCE, VERSIONS } from './mistakes.ts';

check('a source or routes must be there', [
  [
    'neither',
    'workers: 1\n',
    [
      '1:1: there are neither routes nor a source (write routes with versions, or a source: { kubernetes: {} } or { files: [...] })',
    ],
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
    ['1:9 source: names no source (write kubernetes: {} for a cluster, or files: [./manifests])'],
  ],
  ['no file', 'source: { files: [] }', ['1:18 source.files: is empty (list manifest files or folders: [./manifests])']],
  [
    'a cluster and files',
    'source:\n  kubernetes: {}\n  files: [./manifests]',
    ['3:3 source.files: objects come from kubernetes or from files, not from both (remove one of them)'],
  ],
  [
    'no namespace',
    'source: { kubernetes: { namespaces: [] } }',
    ['1:37 source.kubernetes.namespaces: is empty (leave it out to read all namespaces)'],
  ],
  [
    'namespaces that cannot be, and one twice',
    'source: { kubernetes: { namespaces: [shop, Shop_1, shop] } }',
    [
      '1:44 source.kubernetes.namespaces[1]: is no name of a namespace: "Shop_1" (at most 63 lower-case letters, digits and "-"; leave namespaces out to read all)',
      '1:52 source.kubernetes.namespaces[2]: is listed twice (keep one of them)',
    ],
  ],
  [
    'a cluster with an unknown key',
    'source: { kubernetes: { namespace: [shop] } }',
    ['1:25 source.kubernetes.namespace: unknown key (did you mean namespaces?)'],
  ],
  [
    'a cluster that is no map',
    'source: { kubernetes: true }',
    ['1:23 source.kubernetes: must be a map, not the boolean true'],
  ],
  [
    'a rollout without a source',
    'routes:\n  - rollout: a\n',
    [
      '2:5 routes[0].rollout: there is no source to read a Rollout from (write source: { kubernetes: {} } or { files: [...] })',
    ],
  ],
]);

check('a route has a rollout or versions, with what belongs to it', [
  [
    'neither',
    `${SOURCE}routes:\n  - name: a\n`,
    ['3:5 routes[0]: a route needs a rollout or versions (write rollout: NAME, or versions with endpoints)'],
  ],
  [
    'both',
    `${SOURCE}routes:\n  - rollout: a\n    ${VERSIONS}\n`,
    ['4:5 routes[0].versions: a route has a rollout or versions, not both (remove one of them)'],
  ],
  [
    'port and experiments',
    `routes:\n  - ${VERSIONS}\n    port: 80\n    experiments: { header: x }\n`,
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
    `routes:\n  - ${VERSIONS}\n    hosts: ["a:80", "http://a", "*", "a.*.b", "a/b", "a_b", "-a", "bücher.example"]\n`,
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
    `routes:\n  - path: a\n    ${VERSIONS}\n`,
    ['2:11 routes[0].path: does not begin with "/": "a" (write /a)'],
  ],
  [
    'a path with a query',
    `routes:\n  - path: /a?b\n    ${VERSIONS}\n`,
    ['2:11 routes[0].path: is not a path prefix: "/a?b" (no "?", "#", "*" or blanks; percent-encode the rest)'],
  ],
  [
    'a path with dots',
    `routes:\n  - path: /a/../b\n    ${VERSIONS}\n`,
    ['2:11 routes[0].path: has a "." or ".." segment: "/a/../b"'],
  ],
]);

check('two routes do not share a name or a host with a path', [
  [
    'a name',
    `routes:\n  - { name: a, ${VERSIONS} }\n  - { name: a, path: /b, ${VERSIONS} }\n`,
    ['3:13 routes[1].name: the name "a" is taken by the route in line 2 (give it a name of its own)'],
  ],
  [
    'a name that nobody wrote',
    `${SOURCE}routes:\n  - rollout: s/a\n  - { path: /b, rollout: t/a }\n`,
    ['4:5 routes[1]: the name "a" is taken by the route in line 3 (give it a name of its own)'],
  ],
  [
    'a host',
    `routes:\n  - { name: a, hosts: [A.com, b.com], path: /x, ${VERSIONS} }\n  - { name: b, hosts: [c.com, a.com], path: /x/, ${VERSIONS} }\n`,
    ['3:31 routes[1].hosts[1]: a.com with path /x is taken by the route in line 2 (change the host or the path)'],
  ],
  [
    'any host',
    `routes:\n  - { name: a, ${VERSIONS} }\n  - { name: b, ${VERSIONS} }\n`,
    ['3:5 routes[1]: any host with path / is taken by the route in line 2 (change the host or the path)'],
  ],
  [
    'a host twice in one route',
    `routes:\n  - { hosts: [a.com, a.com], ${VERSIONS} }\n`,
    ['2:22 routes[0].hosts[1]: a.com with path / is listed twice (change the host or the path)'],
  ],
]);

check('a health check and a slow start are told what is wrong with them', [
  [
    'no path',
    `routes:\n  - healthCheck: { interval: 5s }\n    ${VERSIONS}`,
    ['2:18 routes[0].healthCheck.path: is missing (it must be a string)'],
  ],
  [
    'a path that is none, and statuses that are none',
    `routes:\n  - healthCheck: { path: healthz, statuses: 399-200 }\n    ${VERSIONS}`,
    [
      '2:26 routes[0].healthCheck.path: does not begin with "/": "healthz" (write /healthz)',
      '2:45 routes[0].healthCheck.statuses: is not a range of statuses: "399-200" (write a status or a range of them: 200, or 200-399)',
    ],
  ],
  [
    'a path with a fragment',
    `routes:\n  - healthCheck: { path: "/a#b" }\n    ${VERSIONS}`,
    ['2:26 routes[0].healthCheck.path: is not a path: "/a#b" (no "#" or blanks; percent-encode the rest)'],
  ],
  [
    'a check that takes longer than until the next one',
    `routes:\n  - healthCheck: { path: /, interval: 1s }\n    ${VERSIONS}`,
    [
      '2:39 routes[0].healthCheck.interval: a check may take 2s, and one is due every 1s (make the interval the longer one)',
    ],
  ],
  [
    'thresholds, and a key that is not there',
    `routes:\n  - healthCheck: { path: /, unhealthy: 0, retries: 3 }\n    ${VERSIONS}`,
    [
      '2:40 routes[0].healthCheck.unhealthy: must be from 1 to 100, not 0',
      '2:43 routes[0].healthCheck.retries: unknown key (one of path, interval, timeout, healthy, unhealthy, statuses, host)',
    ],
  ],
  [
    'a path alone, and a host that no Host field can have',
    `routes:\n  - healthCheck: /healthz\n    ${VERSIONS}\n  - path: /b\n    healthCheck: { path: /, host: "a b" }\n    ${VERSIONS}`,
    [
      '2:18 routes[0].healthCheck: must be a map, not "/healthz" (write { path: /healthz })',
      '5:35 routes[1].healthCheck.host: is not a host: "a b" (write a name, with a port or without: api.example.com)',
    ],
  ],
  [
    'a slow start without a unit',
    `routes:\n  - slowStart: 30\n    ${VERSIONS}`,
    ['2:16 routes[0].slowStart: has no unit: 30 (write 30s or 30ms)'],
  ],
]);
