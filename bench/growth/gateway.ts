/** A Headgate whose cluster is a `Fleet`. Its argument is a `GatewayStart` as JSON; SIGUSR2 begins the changes and ends them. */
import { parseConfig } from '../../src/config/load.ts';
import { Headgate } from '../../src/control/headgate.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { Fleet } from './fleet.ts';
import { BUSY_PATH, type GatewayStart } from './gateway-start.ts';

const start: GatewayStart = JSON.parse(process.argv[2] ?? '');
const fleet = new Fleet({ rollouts: start.rollouts, podsOfEach: start.podsOfEach, port: start.upstreamPort });
const logger = createLogger({ level: 'error' });
const config = parseConfig(JSON.stringify(configOf(start)), 'growth.yaml');
const headgate = new Headgate({ config, source: fleet, logger, version: '0.0.0' });
const timers: NodeJS.Timeout[] = [];

process.on('SIGUSR2', () => {
  if (timers.length > 0) for (const timer of timers.splice(0)) clearInterval(timer);
  else {
    const { tableMs, pods } = start.changes;
    if (tableMs > 0) timers.push(setInterval(() => fleet.changeRollout(), tableMs));
    if (pods > 0) timers.push(setInterval(() => fleet.changePod(), 1000 / pods));
  }
});
process.once('SIGTERM', () => void headgate.shutdown({ skipDelay: true }).then(() => process.exit()));
await headgate.start();

function configOf({ rollouts, by, rules, port, adminPort }: GatewayStart): object {
  const headers = Array.from({ length: rules }, (_, i) => ({ name: `x-canary-${i}`, exact: 'true', to: 'canary' }));
  const configured = by === 'path' || rules > 0;
  const routes = Array.from({ length: configured ? rollouts : 0 }, (_, i) => ({
    name: `app-${i}`,
    ...(by === 'path' ? { path: i === 0 ? BUSY_PATH : `/team-${i % 32}/app-${i}` } : {}),
    rollout: `scale-0/app-${i}`,
    ...(i === 0 ? { headers } : {}),
  }));
  return {
    listen: { address: '127.0.0.1', port },
    admin: { address: '127.0.0.1', port: adminPort },
    source: { files: ['.'] },
    ...(configured ? { routes } : {}),
    // A gateway rests while the other is measured: what it opened to its endpoints shall still be there.
    timeouts: { keepAlive: '600s', upstreamIdle: '600s' },
    drain: { delay: '0s', timeout: '1s' },
  };
}
