import { once } from 'node:events';
import { createServer } from 'node:http';
import t, { type Test } from 'tap';
import { failedVerdict } from '../../src/demo/failed-verdict.ts';

/** An admin port that gives these answers one after the other, the last one for ever; `urls` are what it was asked. */
async function answering(t: Test, ...answers: readonly (readonly [status: number, body: string])[]) {
  const urls: string[] = [];
  const server = createServer((request, response) => {
    const [status, body] = answers[Math.min(urls.length, answers.length - 1)] ?? [404, ''];
    urls.push(String(request.url));
    response.writeHead(status).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  return { urls, adminPort: typeof address === 'object' && address !== null ? address.port : 0 };
}

const PAIR = { rollout: 'web', canary: 'ca', stable: 'ba' };

t.test('it asks by hash until the verdict is that the canary fails, and gives the reason', async (t) => {
  const { urls, adminPort } = await answering(
    t,
    [200, '{"verdict":"inconclusive","reason":"too early"}'],
    [200, '{"verdict":"pass","reason":"it is good"}'],
    [200, '{"verdict":"fail","reason":"ca fails 9 points more often than ba"}'],
  );
  const reason = await failedVerdict({ ...PAIR, adminPort }, 1, new AbortController().signal);
  t.equal(reason, 'ca fails 9 points more often than ba');
  t.strictSame(urls, Array(3).fill('/api/analysis?rollout=web&candidate=ca&baseline=ba'));
});

t.test('what is no verdict is asked for again', async (t) => {
  const { urls, adminPort } = await answering(
    t,
    [404, '{"verdict":"fail","reason":"not this one"}'],
    [200, 'no JSON'],
    [200, '[]'],
    [200, '{"verdict":"fail","reason":"this one"}'],
  );
  t.equal(await failedVerdict({ ...PAIR, adminPort }, 1, new AbortController().signal), 'this one');
  t.equal(urls.length, 4);
});

t.test('it ends at once when there is nothing to ask about any more', async (t) => {
  const { urls, adminPort } = await answering(t, [200, '{"verdict":"inconclusive"}']);
  const over = new AbortController();
  const asking = failedVerdict({ ...PAIR, adminPort }, 1, over.signal);
  while (urls.length < 2) await new Promise((resolve) => setImmediate(resolve));
  over.abort();
  await t.rejects(asking, { name: 'AbortError' });
});
