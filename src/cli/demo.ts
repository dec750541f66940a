import { once } from 'node:events';
import type { Server } from 'node:http';
import { parseConfig } from '../config/load.ts';
import { Headgate } from '../control/headgate.ts';
import { createControls } from '../demo/controls.ts';
import { portComplaint } from '../demo/port-complaint.ts';
import { type DemoEvent, SimulatedCluster } from '../demo/simulated-cluster.ts';
import { createLogger } from '../telemetry/logger.ts';
import type { ExitCode } from './exit-code.ts';
import { untilSignal } from './until-signal.ts';
import { version } from './version.ts';

export interface DemoOptions {
  /** Of the proxy; 0: any free one. */
  readonly port: number;
  readonly adminPort: number;
}

const PAUSES = { firstMs: 45_000, eachMs: 8_000 } as const;
const EXPERIMENT_HEADER = 'aws-cf-cd-super-svp-9f8b7a6d: 123e4567-e89b-12d3-a456-42661417400';

/**
 * Serves a simulated rollout until a signal ends it, or nobody reads what it prints any more (`| head`).
 * @throws an Error that names the ports that cannot be had and the options that choose others
 */
export async function demo({ port, adminPort }: DemoOptions): Promise<ExitCode> {
  if (port === adminPort && port !== 0) {
    process.stderr.write(`headgate: --port and --admin-port are both ${port}: choose two different ones\n`);
    return 2;
  }
  const complaint = await portComplaint({ '--port': port, '--admin-port': adminPort });
  if (complaint !== null) throw new Error(complaint);
  const config = parseConfig(configuration(port, adminPort), 'built-in configuration');
  const logger = createLogger({ level: config.log.level });
  const progress = new Progress();
  const cluster = new SimulatedCluster(PAUSES, (event) => progress.tell(`${describe(event)}\n`));
  const headgate = new Headgate({ config, source: cluster, logger, version: version() });
  const controls = createControls(cluster).listen(0, '127.0.0.1');
  await once(controls, 'listening');
  const onStarted = () =>
    progress.begin(welcome(headgate.ports[0] ?? port, headgate.adminPort ?? adminPort, portOf(controls)));
  try {
    await untilSignal(headgate, logger, onStarted, readerGone());
  } finally {
    controls.close();
  }
  return 0;
}

/** What the cluster does is told below the welcome, although its first step comes before it. */
class Progress {
  #waiting: string[] | null = [];

  begin(welcome: string): void {
    process.stdout.write(welcome + (this.#waiting ?? []).join(''));
    this.#waiting = null;
  }

  tell(line: string): void {
    if (this.#waiting === null) process.stdout.write(line);
    else this.#waiting.push(line);
  }
}

/** A shell's own way to end a program whose reader is gone is this signal, which Node.js ignores. */
function readerGone(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') resolve('SIGPIPE');
    });
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
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
  return `What happens, as a page: http://localhost:${adminPort}/

Headgate is serving on http://${url}, in front of a simulated Argo Rollout that walks 10, 25, 50, 75, 100 %.
The lines at the bottom say where it is: at 10 % for ${PAUSES.firstMs / 1000} seconds now, at each later step for ${PAUSES.eachMs / 1000}.

What any user gets: one of the two versions, in the shares that the last line says.
  curl ${url}
Count the split.
  for i in $(seq 100); do curl -s ${url}; done | cut -d, -f1 | sort | uniq -c
Always the canary; the stable version, while there is none.
  curl -H 'x-canary: true' ${url}
The experiment.
  curl -H '${EXPERIMENT_HEADER}' ${url}
End the experiment, and its header gets production. PUT starts it again.
  curl -X DELETE localhost:${controlPort}/experiment
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
