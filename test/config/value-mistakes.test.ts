import { check, ROUTES } from './mistakes.ts';

check('a value of the wrong kind is placed and explained', [
  [
    'a duration',
    `timeouts:\n  connect: 5\n  idle: 5 minutes\n${ROUTES}`,
    [
      '2:12 timeouts.connect: has no unit: 5 (write 5s or 5ms)',
      '3:9 timeouts.idle: is not a duration: "5 minutes" (write a number with its unit: 250ms, 5s, 2m or 1h30m)',
    ],
  ],
  [
    'a duration beyond its bounds',
    `timeouts: { connect: 11m }\n${ROUTES}`,
    ['1:22 timeouts.connect: must be from 0 to 10m, not 11m'],
  ],
  [
    'a size',
    `limits:\n  headerBytes: 16384\n${ROUTES}`,
    ['2:16 limits.headerBytes: has no unit: 16384 (write 16384B or 16384KiB)'],
  ],
  [
    'a size beyond its bounds',
    `limits: { headerBytes: 2MiB, headers: 0 }\n${ROUTES}`,
    [
      '1:24 limits.headerBytes: must be from 256B to 48KiB, not 2MiB',
      '1:39 limits.headers: must be from 1 to 10000, not 0',
    ],
  ],
  [
    'a number of connections',
    `limits: { connections: -1, connectionsPerAddress: few }\n${ROUTES}`,
    [
      '1:24 limits.connections: must be from 0 to 10000000, not -1',
      '1:51 limits.connectionsPerAddress: must be a whole number, not "few"',
    ],
  ],
  [
    'connections by a wrong word',
    `limits: { connections: all }\n${ROUTES}`,
    ['1:24 limits.connections: must be a whole number or auto, not "all"'],
  ],
  [
    'bounds of the queue',
    `limits: { requestsPerEndpoint: -1, pending: 1.5 }\ntimeouts: { pending: 11m }\n${ROUTES}`,
    [
      '1:32 limits.requestsPerEndpoint: must be from 0 to 1000000, not -1',
      '1:45 limits.pending: must be a whole number, not 1.5',
      '2:22 timeouts.pending: must be from 0 to 10m, not 11m',
    ],
  ],
  ['a map', `limits: 5\n${ROUTES}`, ['1:9 limits: must be a map, not the number 5']],
  ['nothing', `limits:\n${ROUTES}`, ['1:1 limits: must be a map, not empty']],
  ['a list', 'routes: { a: 1 }', ['1:9 routes: must be a list, not a map']],
  [
    'one file instead of a list',
    'source: { files: ./m }',
    ['1:18 source.files: must be a list, not "./m" (put it in brackets: ["./m"])'],
  ],
  ['workers', `workers: many\n${ROUTES}`, ['1:10 workers: must be a whole number or auto, not "many"']],
  ['no workers', `workers: 0\n${ROUTES}`, ['1:10 workers: must be from 1 to 256, not 0']],
  ['half a worker', `workers: 1.5\n${ROUTES}`, ['1:10 workers: must be a whole number, not 1.5']],
  ['a port', `listen: { port: 70000 }\n${ROUTES}`, ['1:17 listen.port: must be from 0 to 65535, not 70000']],
  ['no address at all', `listen: []\n${ROUTES}`, ['1:9 listen: is empty']],
  [
    'an address with its port',
    `listen: [{ address: "127.0.0.1:80" }]\n${ROUTES}`,
    [
      '1:21 listen[0].address: is not an address to listen at: "127.0.0.1:80" (write an IP address such as 0.0.0.0, 127.0.0.1 or "::", or localhost; the port has a key of its own)',
    ],
  ],
  [
    'a percentage',
    `retries: { budget: 0.2, minimum: 1.5 }\n${ROUTES}`,
    ['1:20 retries.budget: has no "%": 0.2 (write 20%)', '1:34 retries.minimum: must be a whole number, not 1.5'],
  ],
  [
    'a percentage beyond its bounds',
    `retries: { budget: 120% }\n${ROUTES}`,
    ['1:20 retries.budget: must be from 0% to 100%, not 120%'],
  ],
  [
    'what is no percentage',
    `retries: { budget: a fifth }\n${ROUTES}`,
    ['1:20 retries.budget: is not a percentage: "a fifth" (write a number with "%", such as 20%)'],
  ],
  [
    'an ejection that is longer than the longest',
    `ejection: { time: 10m }\n${ROUTES}`,
    ['1:19 ejection.time: an ejection begins at 10m and may take 5m at most (make maxTime the longer one)'],
  ],
  [
    'a longest ejection that is shorter than the first',
    `ejection: { maxTime: 10s, failures: 0 }\n${ROUTES}`,
    [
      '1:22 ejection.maxTime: an ejection begins at 30s and may take 10s at most (make maxTime the longer one)',
      '1:37 ejection.failures: must be from 1 to 10000, not 0',
    ],
  ],
  [
    'a feature without a word',
    `ejection:
${ROUTES}`,
    ['1:1 ejection: must be a map, not empty (write { failures: 5 }, or false to switch it off; it is on unless set)'],
  ],
  [
    'another',
    `retries: # { budget: 20% }
${ROUTES}`,
    ['1:1 retries: must be a map, not empty (write { budget: 20% }, or false to send nothing twice)'],
  ],
  [
    'switches that are maps, or off',
    `retries: 20\nejection: true\nadmin: 8081\n${ROUTES}`,
    [
      '1:10 retries: must be a map, not the number 20 (write { budget: 20% }, or false to send nothing twice)',
      '2:11 ejection: must be a map, not the boolean true (write { failures: 5 }, or false to switch it off; it is on unless set)',
      '3:8 admin: must be a map, not the number 8081 (write { address: 127.0.0.1, port: 8081 }, or false for no admin server)',
    ],
  ],
  [
    'a text for a map within a list',
    `listen: [{ tls: yes }, { port: 1, tls: { certificates: a.crt } }]\n${ROUTES}`,
    [
      '1:17 listen[0].tls: must be a map, not "yes" (write { certificates: [{ certificate: tls.crt, key: tls.key }] })',
      '1:56 listen[1].tls.certificates: must be a list, not "a.crt" (write [{ certificate: tls.crt, key: tls.key }])',
    ],
  ],
  [
    'flags as YAML once had them',
    `log: { access: "yes" }\nmetrics: { httpAlias: off }\nejection: { serverErrors: 5 }\n${ROUTES}`,
    [
      '1:16 log.access: must be true or false, not "yes" (write true)',
      '2:23 metrics.httpAlias: must be true or false, not "off" (write false)',
      '3:27 ejection.serverErrors: must be true or false, not the number 5',
    ],
  ],
  [
    'a choice',
    `log: { level: loud }\n${ROUTES}`,
    ['1:15 log.level: must be one of debug, info, warn, error, silent, not "loud"'],
  ],
  [
    'a metric prefix',
    `metrics: { prefix: head-gate }\n${ROUTES}`,
    ['1:20 metrics.prefix: cannot begin a metric\'s name: "head-gate" (letters, digits and "_": headgate_)'],
  ],
  [
    'the name of the replicas without a port, and a time that Argo would not wait for',
    `analysis: { peers: headgate-admin, timeout: 1m, peer: 1 }\n${ROUTES}`,
    [
      '1:20 analysis.peers: is no name with a port: "headgate-admin" (write the headless Service\'s name and the admin port: headgate-admin:8081)',
      '1:45 analysis.timeout: must be from 10ms to 10s, not 1m',
      '1:49 analysis.peer: unknown key (did you mean peers?)',
    ],
  ],
  [
    'the replicas as a list',
    `analysis: { peers: ["a:8081"] }\n${ROUTES}`,
    [
      "1:20 analysis.peers: must be a name with a port, not a list (write the headless Service's name and the admin port: headgate-admin:8081)",
    ],
  ],
  [
    'the replicas as nothing',
    `analysis: { peers: "" }\n${ROUTES}`,
    [
      '1:20 analysis.peers: is no name with a port: "" (write the headless Service\'s name and the admin port: headgate-admin:8081)',
    ],
  ],
  [
    'the replicas and a prefix without their keys',
    `analysis: headgate-admin:8081\nmetrics: headgate_\n${ROUTES}`,
    [
      '1:11 analysis: must be a map, not "headgate-admin:8081" (write { peers: "headgate-admin:8081" }, or leave it out for one replica)',
      '2:10 metrics: must be a map, not "headgate_" (write { prefix: headgate_ })',
    ],
  ],
  [
    'replicas that are to ask each other without an admin port',
    `admin: false\nanalysis: { peers: "headgate-admin:8081" }\n${ROUTES}`,
    [
      '2:13 analysis.peers: replicas ask each other on the admin port, which is switched off (write admin: { address: 0.0.0.0, port: 8081 }, or leave it out)',
    ],
  ],
  [
    'networks',
    `forwarded: { trusted: [10.0.0.0/33, lan, "::/200"] }\n${ROUTES}`,
    [
      '1:24 forwarded.trusted[0]: is not a network: "10.0.0.0/33" (write 10.0.0.0/8 or "fd00::/8")',
      '1:37 forwarded.trusted[1]: is not a network: "lan" (write 10.0.0.0/8 or "fd00::/8")',
      '1:42 forwarded.trusted[2]: is not a network: "::/200" (write 10.0.0.0/8 or "fd00::/8")',
    ],
  ],
  [
    'a version header',
    `versionHeader: "x version"\n${ROUTES}`,
    ['1:16 versionHeader: is not a header name: "x version" (write the name alone, such as x-canary)'],
  ],
  [
    'a version header with a meaning',
    `versionHeader: Server\n${ROUTES}`,
    ['1:16 versionHeader: has a meaning of its own: server (choose another, such as x-headgate-version)'],
  ],
  [
    'a version header of the connection',
    `versionHeader: Transfer-Encoding\n${ROUTES}`,
    [
      '1:16 versionHeader: concerns one connection only: transfer-encoding (choose a header that is sent from end to end)',
    ],
  ],
  [
    'trailers',
    `trailers: [server timing, Host, x-forwarded-for, Authorization, content-length, If-None-Match, retry-after, content-type, 5]\n${ROUTES}`,
    [
      '1:12 trailers[0]: is not a field name: "server timing" (write the name alone, such as server-timing)',
      '1:27 trailers[1]: cannot be a trailer, as it says where a request goes, or where it comes from: host (remove it; RFC 9110 6.5.1 has the rule)',
      '1:33 trailers[2]: cannot be a trailer, as it says where a request goes, or where it comes from: x-forwarded-for (remove it; RFC 9110 6.5.1 has the rule)',
      '1:50 trailers[3]: cannot be a trailer, as it says who somebody is: authorization (remove it; RFC 9110 6.5.1 has the rule)',
      '1:65 trailers[4]: cannot be a trailer, as it says where a message ends or concerns one connection only: content-length (remove it; RFC 9110 6.5.1 has the rule)',
      '1:81 trailers[5]: cannot be a trailer, as it changes what a request asks for: if-none-match (remove it; RFC 9110 6.5.1 has the rule)',
      '1:96 trailers[6]: cannot be a trailer, as it says what to do with a response: retry-after (remove it; RFC 9110 6.5.1 has the rule)',
      '1:109 trailers[7]: cannot be a trailer, as it says how to read the body: content-type (remove it; RFC 9110 6.5.1 has the rule)',
      '1:123 trailers[8]: must be a string, not the number 5 (write it in quotes: "5")',
    ],
  ],
  [
    'a trailer that some applications take for another',
    `trailers: [Content_Length]\n${ROUTES}`,
    [
      '1:12 trailers[0]: cannot be a trailer, as it says where a message ends or concerns one connection only: content_length (remove it; RFC 9110 6.5.1 has the rule)',
    ],
  ],
  [
    'one trailer',
    `trailers: server-timing\n${ROUTES}`,
    ['1:11 trailers: must be a list, not "server-timing" (put it in brackets: ["server-timing"])'],
  ],
  [
    'all trailers',
    `trailers: ["*"]\n${ROUTES}`,
    ['1:12 trailers[0]: is no wildcard here: "*" (write each name, such as server-timing)'],
  ],
]);
