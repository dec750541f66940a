import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { request } from 'undici';
import { stringify } from 'yaml';
import { command } from '../../cluster/lib/command.ts';
import type { Started } from '../../load/lib/processes.ts';
import { until } from '../../load/lib/until.ts';
import type { Context } from './scenario.ts';

/** One element of an instant vector, or a scalar, which has no labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  /** NaN and the infinities too. */
  readonly value: number;
}

export interface PrometheusOptions {
  /** Addresses with port, by the job that scrapes them. */
  readonly targets: Readonly<Record<string, readonly string[]>>;
  /** Absolute paths of files with rules. */
  readonly rules?: readonly string[];
  /** Of `--enable-feature`: `native-histograms`. */
  readonly features?: readonly string[];
  /** Of scrapes and rules. `1s` where it is left out. */
  readonly interval?: string;
}

const ATTEMPTS = 5;

/** @throws what is missing and where it comes from */
export async function requirePrometheus(): Promise<void> {
  await command('prometheus', ['--version']).catch((error) => {
    throw new Error(
      `These tests need Prometheus, and it does not start here (${String(error)}). On Debian: apt-get install prometheus`,
    );
  });
}

/** A Prometheus of the test's own, on a free port of the loopback, with its storage in the scenario's folder. */
export class Prometheus {
  /** As in the argument `prometheus-address` of the templates. */
  readonly address: string;
  readonly started: Started;

  private constructor(started: Started, address: string) {
    this.started = started;
    this.address = address;
  }

  /** Resolves when it answers queries. Nothing need have been scraped by then: see `scraped`. */
  static async start(context: Context, options: PrometheusOptions): Promise<Prometheus> {
    const config = join(context.folder, 'prometheus.yaml');
    writeFileSync(config, stringify(configuration(options)));
    const features = options.features ?? [];
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const port = await freePort();
      const started = context.processes.start('prometheus', [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(context.folder, `tsdb-${port}`)}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
        ...(features.length > 0 ? [`--enable-feature=${features.join(',')}`] : []),
      ]);
      const prometheus = new Prometheus(started, `http://127.0.0.1:${port}`);
      await until(async () => started.exited || (await prometheus.#ready()), 'Prometheus to be ready');
      if (!started.exited) return prometheus;
      // Somebody was faster to take the port.
      if (!started.lines.some((line) => line.includes('address already in use'))) {
        throw new Error(`Prometheus ended: ${started.lines.join('\n')}`);
      }
    }
    throw new Error(`no port was free for Prometheus in ${ATTEMPTS} attempts`);
  }

  /** An instant query. @throws the query and Prometheus' own words where it does not accept it */
  async query(promql: string): Promise<readonly Sample[]> {
    const { data, error = '' }: QueryAnswer = JSON.parse(
      await this.get(`/api/v1/query?query=${encodeURIComponent(promql)}`),
    );
    if (data === undefined) throw new Error(`${error}: ${promql}`);
    if (data.resultType === 'scalar') return [{ labels: {}, value: fromGo(data.result[1]) }];
    return data.result.map(({ metric, value }) => ({ labels: metric, value: fromGo(value[1]) }));
  }

  /** The only value of the query's answer; null where there is none. @throws where there are several */
  async value(promql: string): Promise<number | null> {
    const found = await this.query(promql);
    if (found.length > 1) throw new Error(`${found.length} values, not one: ${promql}`);
    return found[0]?.value ?? null;
  }

  /** The JSON that its HTTP API answers, for `/api/v1/rules`, `/api/v1/alerts` and the like. */
  async get(path: string): Promise<string> {
    const { body } = await request(`${this.address}${path}`);
    return body.text();
  }

  /** Resolves when every target that is up has been scraped `times` times after now. */
  async scraped(times = 1): Promise<void> {
    for (let turn = 0; turn < times; turn += 1) {
      const since = Date.now();
      await until(async () => {
        const { data }: TargetsAnswer = JSON.parse(await this.get('/api/v1/targets?state=active'));
        const scraped = data.activeTargets.filter(
          ({ lastScrape, health }) => health !== 'unknown' && Date.parse(lastScrape) > since,
        );
        return scraped.length > 0 && scraped.length === data.activeTargets.length;
      }, 'a scrape of every target');
    }
  }

  async #ready(): Promise<boolean> {
    const answer = await request(`${this.address}/-/ready`).catch(() => null);
    await answer?.body.dump();
    return answer?.statusCode === 200;
  }
}

interface QueryAnswer {
  readonly data?:
    | { readonly resultType: 'scalar'; readonly result: readonly [number, string] }
    | {
        readonly resultType: 'vector';
        readonly result: readonly { metric: Record<string, string>; value: readonly [number, string] }[];
      };
  readonly error?: string;
}

interface TargetsAnswer {
  readonly data: { readonly activeTargets: readonly { lastScrape: string; health: string }[] };
}

function fromGo(value: string): number {
  return Number(value.replace('Inf', 'Infinity'));
}

function configuration({ targets, rules = [], interval = '1s' }: PrometheusOptions): object {
  return {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: rules,
    scrape_configs: Object.entries(targets).map(([job, addresses]) => ({
      job_name: job,
      // As the ServiceMonitor has it: `namespace` is that of the Rollout, not that of the target.
      honor_labels: true,
      static_configs: [{ targets: addresses }],
    })),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
