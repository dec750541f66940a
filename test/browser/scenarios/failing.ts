import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pod, rollout, services, TestSource } from '../../control/cluster.ts';
import { makeHeadgate } from '../../control/gateway.ts';
import type { Scenario, Stage } from '../lib/scenario.ts';
import { sendTraffic } from '../lib/traffic.ts';
import { visit } from '../lib/visit.ts';

/** A canary of which every third request fails, and whose only pod dies in the end. */
export const scenario: Scenario = {
  name: 'failing',
  run: async (stage) => {
    const { check } = stage;
    const stable = await upstream(stage, () => 200);
    let asked = 0;
    const canary = await upstream(stage, () => {
      asked += 1;
      return asked % 3 === 0 ? 500 : 200;
    });
    const source = new TestSource([
      ...services(),
      rollout({ stable: 'aaa', canary: 'bbb', weight: 50 }),
      pod('aaa', portOf(stable)),
      pod('bbb', portOf(canary)),
    ]);
    const { headgate } = makeHeadgate('source: { files: [.] }\n', source);
    await headgate.start();
    stage.atEnd(() => headgate.shutdown({ skipDelay: true }));

    const one = await visit(stage, headgate.adminPort ?? 0);
    await one.until(`document.querySelectorAll('.verdict tbody tr').length === 2`, 'a verdict');
    const nothing = await one.text('.verdict tbody tr:first-child');
    check(
      'before the first request no interval is claimed',
      /^error-rate\s+inconclusive\s+–\s+nothing to compare yet\s+\+1 point$/.test(nothing),
      nothing,
    );
    for (let i = 0; i < 4; i++) sendTraffic(stage, () => headgate.ports[0] ?? 0);
    await one.until(
      `Number(/\\((\\d+)\\)/.exec(document.querySelector('#versions td.bad')?.textContent)?.[1]) >= 30`,
      'failed attempts',
    );
    const failed = await one.row('Failed attempts');
    const rate = Number.parseFloat(failed[1] ?? '');
    check('every third attempt of the canary has failed', Math.abs(rate - 33.3) < 3, failed.join());
    check('none of stable’s has', failed[0] === '0 %', failed.join());
    await one.until(`document.querySelector('.verdict')?.dataset.verdict === 'fail'`, 'the verdict', 90);
    const heading = await one.text('.verdict h4');
    check('the verdict is fail, and a sign says so too', heading === '✕canary bbb: fail', heading);
    const metric = await one.text('.verdict tbody tr:first-child');
    check(
      'with its interval, and what is allowed',
      /error-rate\s+fail\s+\+3\d points\s+\+[\d.]+ points to \+[\d.]+ points\s+\+1 point$/.test(metric),
      metric,
    );
    await one.checkReadable('a failing canary');
    await one.shot('failing');

    canary.closeAllConnections();
    canary.close();
    await one.until(`document.querySelectorAll('#fallbacks tr').length > 0`, 'a fallback');
    const fallback = await one.text('#fallbacks');
    check(
      'who answered for the canary is shown',
      /^canary\s+stable\s+connect failed\s+[\d.]+\s+[\d,]+\s+[\d,]+/.test(fallback),
      fallback,
    );
    await one.until(`document.querySelector('#endpoints .ejected') !== null`, 'the ejection');
    check('its endpoint is shown as ejected', (await one.text('#endpoints .ejected span')) === 'ejected');
    const endpoints = await one.row('Endpoints');
    check('none of its endpoints is usable', endpoints.join() === '1,0 of 1', endpoints.join());
    await one.checkReadable('a dead canary');
    await one.shot('failing-dead');
    one.checkFaults('with a failing canary');
  },
};

async function upstream(stage: Stage, status: () => number): Promise<Server> {
  const server = createServer((_, response) => {
    response.statusCode = status();
    response.end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stage.atEnd(async () => {
    server.closeAllConnections();
    server.close();
  });
  return server;
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
