import t from 'tap';
import { now } from '../load/clock.ts';
import { echoServer } from '../load/echo-server.ts';
import { Api } from './api.ts';
import { Connection } from './connection.ts';
import { Traffic } from './traffic.ts';

/** Only tables and convergence ask it. */
const unusedApi = new Api(new Connection({ socket: '/dev/null' }));

t.test(
  'after a stall, requests that were missed and leave at once are no answers of the state that is judged',
  async (t) => {
    const { target } = await echoServer(t);
    const streams = [{ name: 'plain', rate: 150, host: 'shop.test', posts: 0 }];
    const traffic = new Traffic('stalled', unusedApi, { to: [target], streams });
    const stalledUntil = now() + 1500;
    while (now() < stalledUntil);
    const window = await traffic.expect('yellow', { weights: { abc: 100 }, answers: 60 });
    const { findings, shares } = await traffic.stop([]);
    t.same(
      findings.filter(({ demand }) => demand === 'share'),
      [],
    );
    const counts = shares.map(({ window: name, hash, requests }) => ({ name, hash, enough: requests >= 60 }));
    t.same(counts, [{ name: 'yellow', hash: 'abc', enough: true }]);
    t.ok(window.until - window.from >= 500);
  },
);
