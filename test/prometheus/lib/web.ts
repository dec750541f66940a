import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { pod, rollout, services, type WebRollout } from '../../control/cluster.ts';
import { type HeadgateOptions, HeadgateProcess } from '../../load/lib/headgate-process.ts';
import type { App } from './app.ts';
import type { Context } from './scenario.ts';

export interface WebOptions extends WebRollout {
  /** The application of each version, by its pod-template-hash. */
  readonly apps: Readonly<Record<string, App | readonly App[]>>;
  /** More of Headgate's configuration, from the line's beginning. */
  readonly config?: string;
  /** More listeners: see HeadgateProcess. */
  readonly listeners?: readonly string[];
  /** More objects. */
  readonly objects?: readonly object[];
}

/**
 * A real Headgate, `headgate serve` in a process of its own, in front of the Rollout `web` of the namespace `shop`, whose
 * route is `web`, too. Its objects are files, as a controller would have left them. `x-version: canary` leads to the
 * canary, `x-experiment` to an Experiment by its name.
 */
export class Web {
  #headgate: HeadgateProcess;
  readonly #context: Context;
  readonly #options: HeadgateOptions;

  private constructor(context: Context, headgate: HeadgateProcess, options: HeadgateOptions) {
    this.#context = context;
    this.#headgate = headgate;
    this.#options = options;
  }

  static async start(context: Context, options: WebOptions): Promise<Web> {
    mkdirSync(join(context.folder, 'objects'), { recursive: true });
    writeObjects(context.folder, options);
    const config = `source: { files: [${join(context.folder, 'objects')}] }
routes:
  - name: web
    rollout: shop/web
    headers:
      - { name: x-version, exact: canary, to: canary }
      - { name: x-smoke-test, exact: "true", to: canary, fallback: none }
    experiments: { header: x-experiment }
drain: { delay: 0, timeout: 5s }
${options.config ?? ''}`;
    const asked = { config, listeners: options.listeners ?? [] };
    return new Web(context, await HeadgateProcess.start(context, asked), asked);
  }

  get headgate(): HeadgateProcess {
    return this.#headgate;
  }

  /** What Prometheus scrapes; the same after a restart. */
  get target(): string {
    return `127.0.0.1:${this.#headgate.adminPort}`;
  }

  /** The controller goes on: resolves when every worker has the table of these objects. */
  async change(options: WebOptions): Promise<void> {
    const { generation } = await this.#headgate.table();
    writeObjects(this.#context.folder, options);
    for (;;) {
      const table = await this.#headgate.table();
      if (table.generation > generation && table.workers.every((worker) => worker === table.generation)) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Ends Headgate and starts another in its place, whose counts begin anew. */
  async restart(): Promise<void> {
    const { port, adminPort } = this.#headgate;
    await this.#headgate.terminate();
    this.#headgate = await HeadgateProcess.start(this.#context, { ...this.#options, port, adminPort });
  }
}

function writeObjects(folder: string, { apps, objects = [], ...web }: WebOptions): void {
  const pods = Object.entries(apps).flatMap(([hash, some]) => [some].flat().map(({ port }) => pod(hash, port)));
  const file = join(folder, 'objects', 'web.yaml');
  // In one step: it may be read at any moment.
  writeFileSync(
    `${file}.new`,
    [rollout(web), ...services(), ...pods, ...objects].map((one) => stringify(one)).join('---\n'),
  );
  renameSync(`${file}.new`, file);
}
