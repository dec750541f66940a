import type { Test } from 'tap';
import { request } from 'undici';
import { parseConfig } from '../../src/config/load.ts';
import type { Surroundings } from '../../src/control/analyst.ts';
import { Headgate } from '../../src/control/headgate.ts';
import type { Source } from '../../src/sources/source.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { samples } from './samples.ts';

/** An answer and its body. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** What a test asks of a running Headgate, in its own process or another. */
export class Gateway {
  readonly port: number;
  readonly adminPort: number;
  readonly adminAddress: string;

  constructor(port: number, adminPort: number, adminAddress = '127.0.0.1') {
    this.port = port;
    this.adminPort = adminPort;
    this.adminAddress = adminAddress;
  }

  get(path = '/', headers: Record<string, string> = {}): Promise<Answer> {
    return fetchFrom(this.port, path, headers);
  }

  /** The bodies of `count` requests, one after the other, and how often each came. */
  async count(count: number, headers: Record<string, string> = {}): Promise<Record<string, number>> {
    const bodies: Record<string, number> = {};
    for (let i = 0; i < count; i += 1) {
      const { body } = await this.get('/', headers);
      bodies[body] = (bodies[body] ?? 0) + 1;
    }
    return bodies;
  }

  admin(path: string): Promise<Answer> {
    return fetchFrom(this.adminPort, path, {}, this.adminAddress);
  }

  /** The sum of the samples of this name that have these labels; null: there is none. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number | null> {
    const { body } = await this.admin('/metrics');
    return samples(body, name, labels);
  }

  /** Resolves when it holds; rejects after a while. */
  async until(holds: () => Promise<boolean> | boolean, what: string): Promise<void> {
    const deadline = performance.now() + 15_000;
    while (!(await holds())) {
      if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /**
   * Resolves when every answer has been counted. A worker counts right after the write that the client has seen, and a scrape is on
   * another thread.
   */
  counted(): Promise<void> {
    return this.until(async () => (await this.metric('headgate_requests_in_flight')) === 0, 'nothing in flight');
  }

  /** Resolves when every worker applies a table, however long the admin server takes to listen. */
  async ready(): Promise<void> {
    const asked = () => this.admin('/readyz').catch((error: unknown) => ({ status: String(error) }));
    await this.until(async () => (await asked()).status === 200, 'readiness');
  }
}

/** A Headgate in the test's own process: its threads and sockets are real. */
export class LocalGateway extends Gateway {
  readonly headgate: Headgate;
  /** What it has logged. */
  readonly log: readonly string[];
  #ended: Promise<boolean> | null = null;

  constructor(headgate: Headgate, log: readonly string[], adminAddress?: string) {
    super(headgate.ports[0] ?? 0, headgate.adminPort ?? 0, adminAddress);
    this.headgate = headgate;
    this.log = log;
  }

  /** Once, however often it is called. */
  shutdown(options?: Parameters<Headgate['shutdown']>[0]): Promise<boolean> {
    this.#ended ??= this.headgate.shutdown(options);
    return this.#ended;
  }

  /** Resolves when the workers apply the newest table: the next request is decided by it. */
  async applied(): Promise<void> {
    await this.until(async () => {
      const { body } = await this.admin('/api/table');
      const { generation, workers }: { generation: number; workers: { generation: number }[] } = JSON.parse(body);
      return generation > 0 && workers.every((worker) => worker.generation === generation);
    }, 'the newest table');
  }
}

/** Ports are free ones, and nothing waits before it drains, unless `more` says so. */
export function configText(more: string): string {
  const defaults = {
    listen: '{ address: 127.0.0.1, port: 0 }',
    admin: '{ address: 127.0.0.1, port: 0 }',
    drain: '{ delay: 0, timeout: 10s }',
    log: '{ level: silent }',
  };
  const written = Object.entries(defaults).filter(([key]) => !new RegExp(`^${key}:`, 'm').test(more));
  return `${written.map(([key, value]) => `${key}: ${value}\n`).join('')}${more}`;
}

/** Made, and not started. */
export function makeHeadgate(
  more: string,
  source: Source | null = null,
  surroundings: Surroundings = {},
): { headgate: Headgate; log: string[] } {
  const log: string[] = [];
  const logger = createLogger({ level: 'info', destination: { write: (line) => void log.push(line) } });
  const config = parseConfig(configText(more), 'headgate.yaml');
  return { headgate: new Headgate({ config, source, logger, version: '0.0.0', surroundings }), log };
}

/** Started and ready. It ends with the test. */
export async function startGateway(
  t: Test,
  more: string,
  source: Source | null = null,
  surroundings: Surroundings = {},
  adminAddress?: string,
): Promise<LocalGateway> {
  const { headgate, log } = makeHeadgate(more, source, surroundings);
  await headgate.start();
  const gateway = new LocalGateway(headgate, log, adminAddress);
  t.teardown(() => gateway.shutdown());
  await gateway.ready();
  return gateway;
}

async function fetchFrom(
  port: number,
  path: string,
  headers: Record<string, string>,
  address = '127.0.0.1',
): Promise<Answer> {
  const answer = await request(`http://${address}:${port}${path}`, { headers });
  return { status: answer.statusCode, headers: answer.headers, body: await answer.body.text() };
}
