import { once } from 'node:events';
import t from 'tap';
import { WebSocket } from 'ws';
import { planeTo } from '../lib/plane.ts';
import { strictUpstream } from '../lib/upstreams.ts';

t.test("a WebSocket that the application refuses gets the application's answer", async (t) => {
  const upstream = await strictUpstream(t, (response) => void response.writeHead(403).end('no'));
  const plane = await planeTo(t, [upstream.port]);
  const socket = new WebSocket(`ws://127.0.0.1:${plane.port}/chat`);
  const [, response] = await once(socket, 'unexpected-response');
  t.equal(response.statusCode, 403);
  response.destroy();
  await plane.until(() => plane.connections() === 0, 'the connection to close');
  t.same(plane.statuses('only'), { 403: 1 });
});
