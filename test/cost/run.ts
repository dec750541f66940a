/**
 * What a request costs, beside bounds: `npm run test:cost -- [--who] [--list] [SCENARIO ...]`. Each scenario prints its figures;
 * closes with one line, `N passed, N failed`, that counts the demands. `--who` says who allocates.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeCertificate } from '../../bench/certificate.ts';
import { Children, freePorts } from '../../bench/children.ts';
import { startObserver } from '../../bench/observer.ts';
import { nginx } from '../../bench/peers/nginx.ts';
import { requirements } from '../../bench/requirements.ts';
import { benchVersions } from '../../bench/routing.ts';
import { startUpstream } from '../../bench/upstream.ts';
import { conclude, Demands } from '../lib/demands.ts';
import { scenarios } from '../lib/scenarios.ts';
import type { Context, Scenario } from './lib/scenario.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { who: { type: 'boolean', default: false }, list: { type: 'boolean', default: false } },
});
const children = new Children();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void children.close().finally(() => process.exit(130)));
}
try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await children.close();
}

async function main(): Promise<number> {
  const chosen = await scenarios<Scenario>(join(import.meta.dirname, 'scenarios'), positionals);
  if (options.list) {
    for (const { name } of chosen) console.log(name);
    return 0;
  }
  for (const line of requirements([nginx])) console.log(line);
  const versions = benchVersions(await freePorts(6));
  const certificate = await makeCertificate(children);
  const { port } = await startObserver();
  await startUpstream(children, versions, port);
  const outcomes: Demands[] = [];
  for (const scenario of chosen) {
    const demands = new Demands(scenario.name);
    const { say, check } = demands;
    const context: Context = { children, versions, certificate, who: options.who, say, check };
    await demands.of(() => scenario.run(context));
    say('done');
    outcomes.push(demands);
  }
  return conclude(outcomes);
}
