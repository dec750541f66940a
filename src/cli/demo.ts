import { once } from 'node:events';
import type { Server } from 'node:http';
import { ListenError as AdminListenError } from '../admin/listen-error.ts';
import { parseConfig } from '../config/load.ts';
import { Headgate } from '../control/headgate.ts';
import { createControls } from '../demo/controls.ts';
import { type DemoEvent, SimulatedCluster } from '../demo/simulated-cluster.ts';
import { ListenError } from '../proxy/worker-pool.ts';
import { createLogger } from '../telemetry/logger.ts';
import type { ExitCode } from './exit-code.ts';
import { untilSignal } from './until-signal.ts';
import { version } from './version.ts';

export interface DemoOptions {
  /** Of the proxy; 0: any free one. */
  readonly port: number;
  readonly adminPort: number;
}

const PAUSE_MS = 8_000;
const EXPERIMENT_HEADER = 'aws-cf-cd-super-svp-9f8b7a6d: 123e4567-e89b-12d3-a456-42661417400';

/**
 * Serves a simulated rollout until a signal ends it.
 * @throws an Error that says which port cannot be had and how to choose another
 */
export async function demo({ port, adminPort }: DemoOptions): Promise<ExitCode> {
  const config = parseConfig(configuration(port, adminPort), 'demo.yaml');
  const logger = createLogger({ level: config.log.level });
  // Whoever reads along may go (`| head`), and the demo goes on.
  process.stdout.on('error', () => undefined);
  const cluster = new SimulatedCluster(PAUSE_MS, (event) => process.stdout.write(`${describe(event)}\n`));
  const headgate = new Headgate({ config, source: cluster, logger, version: version() });
  const controls = createControls(cluster).listen(0, '127.0.0.1');
  await once(controls, 'listening');
  try {
    await untilSignal(headgate, logger, () => {
      process.stdout.write(welcome(headgate.ports[0] ?? port, headgate.adminPort ?? adminPort, portOf(controls)));
    });
  } catch (error) {
    throw withRemedy(error, { port, adminPort });
  } finally {
    controls.close();
  }
  return 0;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The demo has no configuration file: its ports are options. */
function withRemedy(error: unknown, { port, adminPort }: DemoOptions): unknown {
  if (!(error instanceof ListenError || error instanceof AdminListenError)) return error;
  const [option, taken] = error instanceof ListenError ? ['--port', port] : ['--admin-port', adminPort];
  const reason = error.code === 'EADDRINUSE' ? 'is in use' : `cannot be had (${error.code})`;
  return new Error(`127.0.0.1:${taken} ${reason}: choose another port with ${option}`, { cause: error });
}

function configuration(port: number, adminPort: number): string {
  return `
listen: { address: 127.0.0.1, port: ${port} }
admin: { address: 127.0.0.1, port: ${adminPort} }
source: { files: [.] }
routes:
  - rollout: talana-backend
    headers: [{ name: x-canary, exact: "true", to: canary }]
    experiments:
      header: aws-cf-cd-super-svp-9f8b7a6d
      tokens: { 123e4567-e89b-12d3-a456-42661417400: demo-microservice-experiment }
versionHeader: x-headgate-version
log: { level: error }
drain: { delay: 0, timeout: 5s }
`;
}

function welcome(port: number, adminPort: number, controlPort: number): string {
  const url = `localhost:${port}`;
  return `
Headgate is serving on http://${url}, in front of a simulated Argo Rollout that walks 10, 25, 50, 75, 100 %.

What a user gets: mostly stable, and the canary's exact share.
  curl ${url}
Always the canary; production, while there is none.
  curl -H 'x-canary: true' ${url}
The experiment.
  curl -H '${EXPERIMENT_HEADER}' ${url}
End the experiment, and its header gets production. PUT starts it again.
  curl -X DELETE localhost:${controlPort}/experiment
Count the split.
  for i in $(seq 100); do curl -s ${url}; done | cut -d, -f1 | sort | uniq -c
The routing table; requests, errors and latency of each version.
  curl localhost:${adminPort}/api/table
  curl localhost:${adminPort}/metrics

Ctrl-C ends it.

`;
}

function describe({ weight, stable, canary, text }: DemoEvent): string {
  const time = new Date().toTimeString().slice(0, 8);
  const bar = '#'.repeat(Math.round(weight / 5)).padEnd(20, '.');
  const split = weight === 0 ? `${stable} 100 %` : `${stable} ${100 - weight} %, ${canary} ${weight} %`;
  return `${time}  [${bar}]  ${text.padEnd(37)}  ${split}`;
}
