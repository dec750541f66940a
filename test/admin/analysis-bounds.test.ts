import t from 'tap';
import { request } from 'undici';
import { startAdmin } from '../../src/admin/server.ts';
import { STATE } from './admin-state.ts';

t.test('verdicts that wait for other replicas take no place from scrapes, nor from what replicas ask', async (t) => {
  const { promise: answers, resolve: answer } = Promise.withResolvers<void>();
  let waiting = 0;
  const admin = await startAdmin({
    listen: { address: '127.0.0.1', port: 0 },
    state: {
      ...STATE,
      analysis: async () => {
        waiting += 1;
        await answers;
        return { status: 404, body: 'there is no route' };
      },
    },
  });
  t.teardown(() => admin.close());
  const get = async (path: string) => {
    const { statusCode, body } = await request(`http://127.0.0.1:${admin.port}${path}`);
    await body.dump();
    return statusCode;
  };
  const verdicts = Array.from({ length: 65 }, () => get('/api/analysis?route=web'));
  t.equal(await Promise.race(verdicts), 503, 'the one beyond 64');
  t.equal(waiting, 64);
  t.equal(await get('/metrics'), 200);
  t.equal(await get('/api/analysis/blocks'), 400);
  answer();
  t.strictSame((await Promise.all(verdicts)).toSorted(), [...Array<number>(64).fill(404), 503]);
  t.equal(await get('/api/analysis?route=web'), 404, 'there is room again');
});
