import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { samples } from '../../control/samples.ts';
import type { Started } from './processes.ts';
import type { Context } from './scenario.ts';
import { until } from './until.ts';

const PROGRAM = join(import.meta.dirname, '../../../bin/headgate');
const HOOKS = join(import.meta.dirname, 'hooks.ts');

const LOOKS = 4;
const LOOK_MS = 150;

/** What no run may log: bugs, not faults of others. */
const BUGS =
  /unexpected error in a worker|a worker failed|a worker ended|could not be|an admin request failed|[Uu]nhandled|Uncaught/;

/** What a scenario says of itself; the rest is the same for all. */
export interface HeadgateOptions {
  /** Everything but `listen`, `admin` and `workers`. */
  readonly config: string;
  /** 2 where it is left out. */
  readonly workers?: number;
  /** Name of its configuration file, for a scenario with several. `headgate` where it is left out. */
  readonly name?: string;
  /** 0, any free one, where it is left out. */
  readonly port?: number;
  /** The same. */
  readonly adminPort?: number;
  /** Further listeners, each as one element of the configuration's `listen`. */
  readonly listeners?: readonly string[];
}

/** A Headgate as it is run: `headgate serve --config FILE`, a process of its own with two workers. */
export class HeadgateProcess {
  readonly port: number;
  readonly adminPort: number;
  readonly config: string;
  readonly started: Started;
  readonly #head: string;

  private constructor(started: Started, config: string, head: string, port: number, adminPort: number) {
    this.started = started;
    this.config = config;
    this.#head = head;
    this.port = port;
    this.adminPort = adminPort;
  }

  /** Resolves when it is ready. */
  static async start(
    context: Pick<Context, 'folder' | 'processes'>,
    options: HeadgateOptions,
  ): Promise<HeadgateProcess> {
    const { config, workers = 2, name = 'headgate', port = 0, adminPort = 0, listeners = [] } = options;
    const file = join(context.folder, `${name}.yaml`);
    const listen = [`{ address: 127.0.0.1, port: ${port} }`, ...listeners].join(', ');
    const head = `listen: [${listen}]\nadmin: { address: 127.0.0.1, port: ${adminPort} }\nworkers: ${workers}\n`;
    writeFileSync(file, head + config);
    const started = context.processes.start(process.execPath, ['--import', HOOKS, PROGRAM, 'serve', '--config', file]);
    const served = (): string | undefined => started.lines.find((line) => line.includes('"serving"'));
    await until(() => served() !== undefined || started.exited, 'Headgate to serve');
    const line = served();
    if (line === undefined) throw new Error(`Headgate ended: ${started.lines.join('\n')}`);
    const { ports, admin }: { ports: number[]; admin: number } = JSON.parse(line);
    const headgate = new HeadgateProcess(started, file, head, ports[0] ?? 0, admin);
    await until(() => headgate.ready(), 'readiness');
    return headgate;
  }

  get pid(): number {
    return this.started.pid;
  }

  /** Log lines that tell of a bug. */
  get bugs(): readonly string[] {
    return this.started.lines.filter((line) => BUGS.test(line) || !line.startsWith('{'));
  }

  logged(text: string): number {
    return this.started.lines.filter((line) => line.includes(text)).length;
  }

  rewrite(config: string): string {
    return this.#head + config;
  }

  async ready(): Promise<boolean> {
    const answer = await this.admin('/readyz').catch(() => null);
    return answer?.status === 200;
  }

  /** On a connection of its own, so that none stays open. */
  admin(path: string): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const asked = get({ host: '127.0.0.1', port: this.adminPort, path, agent: false }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
        response.once('error', reject);
      });
      asked.setTimeout(10_000, () => asked.destroy(new Error(`${path} takes more than 10 s`)));
      asked.once('error', reject);
    });
  }

  async metrics(): Promise<string> {
    return (await this.admin('/metrics')).body;
  }

  /** The sum of the samples of this name; 0 where there is none. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    return samples(await this.metrics(), name, labels) ?? 0;
  }

  /** Resolves when every worker applies a table newer than this generation; with the table. */
  async table(): Promise<{ generation: number; workers: readonly number[]; text: string }> {
    const { body } = await this.admin('/api/table');
    const { generation, workers }: { generation: number; workers: { generation: number }[] } = JSON.parse(body);
    return { generation, workers: workers.map((worker) => worker.generation), text: body };
  }

  /** Bytes alive on the heaps of all threads after a collection: the least of several, for some memory goes a moment later. */
  async liveBytes(): Promise<number> {
    const looks: number[] = [];
    while (looks.length < LOOKS) {
      looks.push(await this.#live());
      await sleep(LOOK_MS);
    }
    return Math.min(...looks);
  }

  killWorker(): void {
    this.started.child.send('kill-worker');
  }

  /** SIGTERM, as an orchestrator does it. Resolves with its exit code. */
  async terminate(): Promise<number | null> {
    this.started.child.kill('SIGTERM');
    await this.started.ended;
    return this.started.child.exitCode;
  }

  async #live(): Promise<number> {
    this.started.child.send('memory');
    const [message]: unknown[] = await once(this.started.child, 'message');
    if (typeof message === 'object' && message !== null && 'memory' in message) return Number(message.memory);
    throw new Error('Headgate does not say how much memory it uses');
  }
}
