import { check, ROUTES } from './mistakes.ts';

check('servers do not share a port, and limits fit together', [
  [
    'admin on the port of listen',
    `listen: { port: 8081 }\n${ROUTES}`,
    ['1:1: port 8081 is taken by listen (line 1) (choose another port)'],
  ],
  [
    'admin on the default port',
    `admin:\n  port: 8080\n${ROUTES}`,
    ['2:3 admin: port 8080 is taken by listen (its default) (choose another port)'],
  ],
  [
    'an address twice',
    `listen: [{ port: 1 }, { address: "127.0.0.1", port: 1 }]\n${ROUTES}`,
    ['1:23 listen[1]: port 1 is taken by listen (line 1) (choose another port)'],
  ],
  [
    'a request line beyond the head',
    `limits: { requestLineBytes: 32KiB }\n${ROUTES}`,
    [
      '1:29 limits.requestLineBytes: is more than headerBytes, which counts the request line too (16384B) (raise headerBytes)',
    ],
  ],
]);
