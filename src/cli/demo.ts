import { once } from 'node:events';
import type { Server } from 'node:http';
import { parseConfig } from '../config/load.ts';
import { Headgate } from '../control/headgate.ts';
import { createControls } from '../demo/controls.ts';
import { DemoTraffic } from '../demo/demo-traffic.ts';
import { failedVerdict } from '../demo/failed-verdict.ts';
import { portComplaint } from '../demo/port-complaint.ts';
import { type DemoEvent, type DemoPauses, type Judge, SimulatedCluster } from '../demo/simulated-cluster.ts';
import { createLogger } from '../telemetry/logger.ts';
import type { ExitCode } from './exit-code.ts';
import { type Running, untilSignal } from './until-signal.ts';
import { version } from './version.ts';

export interface DemoOptions {
  /** Of the proxy; 0: any free one. */
  readonly port: number;
  readonly adminPort: number;
  /** Requests a second that the demo sends itself; null: none. */
  readonly traffic: number | null;
  /** Every second new version is faulty, and is aborted when the verdict says fail. */
  readonly faulty: boolean;
}

const PAUSES: DemoPauses = { firstMs: 45_000, eachMs: 8_000 };
/** A faulty version does not last 45 seconds. */
const PAUSES_WITH_FAULTS: DemoPauses = { ...PAUSES, firstMs: 20_000 };
/** Argo asks every ten seconds by config/analysis/headgate-verdict.yaml, where steps take minutes. */
const ASK_MS = 2_000;
const EXPERIMENT = {
  header: 'aws-cf-cd-super-svp-9f8b7a6d',
  token: '123e4567-e89b-12d3-a456-42661417400',
} as const;

/**
 * Serves a simulated rollout until a signal ends it, or nobody reads what it prints any more (`| head`).
 * @throws an Error that names the ports that cannot be had and the options that choose others
 */
export async function demo(options: DemoOptions): Promise<ExitCode> {
  const { port, adminPort } = options;
  if (port === adminPort && port !== 0) {
    process.stderr.write(`headgate: --port and --admin-port are both ${port}: choose two different ones\n`);
    return 2;
  }
  const complaint = await portComplaint({ '--port': port, '--admin-port': adminPort });
  if (complaint !== null) throw new Error(complaint);
  const config = parseConfig(configuration(port, adminPort), 'built-in configuration');
  const logger = createLogger({ level: config.log.level });
  const progress = new Progress();
  const judge: Judge = (canary, signal) =>
    failedVerdict({ ...canary, adminPort: headgate.adminPort ?? adminPort }, ASK_MS, signal);
  const tell = (event: DemoEvent) => progress.tell(`${describe(event)}\n`);
  const cluster = new SimulatedCluster(pausesOf(options), tell, options.faulty ? judge : null);
  const headgate = new Headgate({ config, source: cluster, logger, version });
  const controls = createControls(cluster).listen(0, '127.0.0.1');
  await once(controls, 'listening');
  let traffic: DemoTraffic | null = null;
  const onStarted = () => {
    const proxyPort = headgate.ports[0] ?? port;
    progress.begin(
      welcome({
        ...options,
        port: proxyPort,
        adminPort: headgate.adminPort ?? adminPort,
        controlPort: portOf(controls),
      }),
    );
    if (options.traffic === null) return;
    const header = { [EXPERIMENT.header]: EXPERIMENT.token };
    traffic = new DemoTraffic({ port: proxyPort, perSecond: options.traffic, header });
  };
  const running: Running = {
    start: () => headgate.start(),
    shutdown: async (how) => {
      if (traffic !== null) await stopTraffic(traffic);
      return headgate.shutdown(how);
    },
  };
  try {
    await untilSignal(running, logger, onStarted, readerGone());
  } finally {
    controls.close();
  }
  return 0;
}

/** Before Headgate stops: a request that it refuses would look like a failure. */
async function stopTraffic(traffic: DemoTraffic): Promise<void> {
  await traffic.stop();
  const { sent, failed } = traffic;
  const answered = failed === 0 ? 'every one was answered' : `${failed} were not answered`;
  process.stdout.write(`The demo has sent ${sent} requests; ${answered}.\n`);
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
      header: ${EXPERIMENT.header}
      tokens: { ${EXPERIMENT.token}: demo-microservice-experiment }
versionHeader: x-headgate-version
log: { level: error }
drain: { delay: 0, timeout: 5s }
`;
}

function pausesOf({ faulty }: DemoOptions): DemoPauses {
  return faulty ? PAUSES_WITH_FAULTS : PAUSES;
}

function welcome(demo: DemoOptions & { readonly controlPort: number }): string {
  const { port, adminPort, controlPort } = demo;
  const pauses = pausesOf(demo);
  const url = `localhost:${port}`;
  return `What happens, as a page: http://localhost:${adminPort}/

Headgate is serving on http://${url}, in front of a simulated Argo Rollout that walks 10, 25, 50, 75, 100 %.
The lines at the bottom say where it is: at 10 % for ${pauses.firstMs / 1000} seconds now, at each later step for ${pauses.eachMs / 1000}.
${ownDoing(demo)}
What any user gets: one of the two versions, in the shares that the last line says.
  curl ${url}
Count the split.
  for i in $(seq 100); do curl -s ${url}; done | cut -d, -f1 | sort | uniq -c
Always the canary; the stable version, while there is none.
  curl -H 'x-canary: true' ${url}
The experiment.
  curl -H '${EXPERIMENT.header}: ${EXPERIMENT.token}' ${url}
End the experiment, and its header gets production. PUT starts it again.
  curl -X DELETE localhost:${controlPort}/experiment
The routing table; requests, errors and latency of each version.
  curl localhost:${adminPort}/api/table
  curl localhost:${adminPort}/metrics

Ctrl-C ends it.

`;
}

function ownDoing({ traffic, faulty, adminPort }: DemoOptions): string {
  if (traffic === null) return '';
  const sends = `The demo itself sends ${traffic} requests a second, every tenth to the experiment; a hundred of yours are then split less evenly.\n`;
  if (!faulty) return sends;
  return `${sends}
The canary of now and every second one after it answer a tenth of their requests with 500. The rollout asks
  curl 'localhost:${adminPort}/api/analysis?rollout=talana-backend'
as Argo Rollouts would, and aborts a canary when the verdict is that it fails. The next one is good.
`;
}

function describe({ weight, stable, canary, text, reason }: DemoEvent): string {
  const time = new Date().toTimeString().slice(0, 8);
  const bar = '#'.repeat(Math.round(weight / 5)).padEnd(20, '.');
  const split = weight === 0 ? `${stable} 100 %` : `${stable} ${100 - weight} %, ${canary} ${weight} %`;
  return `${time}  [${bar}]  ${text.padEnd(37)}  ${split}${reason === undefined ? '' : `\n          because ${reason}`}`;
}
