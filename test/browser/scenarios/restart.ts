import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { HeadgateProcess } from '../../cli/process.ts';
import type { Scenario, Stage } from '../lib/scenario.ts';
import { sendTraffic } from '../lib/traffic.ts';
import { visit } from '../lib/visit.ts';

/** Headgate ends while somebody looks at it, and comes back at the same address. */
export const scenario: Scenario = {
  name: 'restart',
  run: async (stage) => {
    const { check } = stage;
    const port = await upstream(stage);
    const file = join(stage.folder, 'restart.yaml');
    const config = (proxyPort: number, adminPort: number) => `
listen: { address: 127.0.0.1, port: ${proxyPort} }
admin: { address: 127.0.0.1, port: ${adminPort} }
drain: { delay: 0, timeout: 1s }
routes:
  - { name: shop, versions: { blue: { weight: 3, endpoints: ["127.0.0.1:${port}"] }, green: { weight: 1, endpoints: ["127.0.0.1:${port}"] } } }
`;
    writeFileSync(file, config(0, 0));
    const first = await serve(stage, file);
    // The second one has to be found where the first was.
    writeFileSync(file, config(first.port, first.admin));
    sendTraffic(stage, () => first.port);
    const one = await visit(stage, first.admin);
    await one.until(`document.querySelectorAll('#versions tr').length > 0`, 'the versions');
    await one.until(`/[1-9]/.test(document.querySelector('#summary dd')?.textContent ?? '')`, 'requests');

    one.expectFailures = true;
    first.process.kill('SIGTERM');
    await first.process.exit;
    await one.until(`document.querySelector('#connection')?.textContent === 'Connection lost'`, 'the loss');
    check('it says that the connection is lost', true);
    const notice = await one.text('#notice');
    check(
      'and of when its numbers are',
      /^Headgate does not answer\. These numbers are of \d\d:\d\d:\d\d\. Trying again\.$/.test(notice),
      notice,
    );
    check('the last numbers stay', (await one.row('Requests/s')).length === 2);
    await one.shot('restart-lost');

    const second = await serve(stage, file);
    check('it comes back at the same address', second.admin === first.admin, String(second.admin));
    await one.until(`document.querySelector('#connection')?.textContent === 'Live'`, 'the return');
    check('the page goes on by itself', true);
    check(
      'it says that the counts began anew',
      (await one.text('#notice')).startsWith('Headgate was restarted'),
      await one.text('#notice'),
    );
    await one.until(
      `/[1-9]/.test(document.querySelector('#summary dd')?.textContent ?? '')`,
      'requests after the restart',
    );
    check('numbers come again', true);
    one.checkFaults('through a restart');
  },
};

async function serve(stage: Stage, file: string) {
  const process = new HeadgateProcess(['serve', '--config', file]);
  stage.atEnd(() => {
    process.kill('SIGKILL');
    return process.exit;
  });
  const { ports, admin }: { ports: number[]; admin: number } = JSON.parse(await process.line('"msg":"serving"'));
  return { process, port: ports[0] ?? 0, admin };
}

async function upstream(stage: Stage): Promise<number> {
  const server = createServer((_, response) => void response.end('ok'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stage.atEnd(async () => server.close());
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
