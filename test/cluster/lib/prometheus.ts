import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../load/clock.ts';
import { NETWORK } from './namespace.ts';
import type { Context } from './scenario.ts';

const PORT = 9090;
/** The shipped alerts. */
const RULES = join(import.meta.dirname, '../../../config/prometheus/headgate.rules.yaml');
/** Where the controller of Argo Rollouts has its metrics unless it is told otherwise. */
const ROLLOUTS_METRICS = `${NETWORK.gateway}:8090`;

/** One element of the vector that a query gives. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A real Prometheus in the scenario's namespace, which finds Headgate's Pods by the shipped headless Service. */
export class Prometheus {
  readonly #url: string;

  private constructor(url: string) {
    this.#url = url;
  }

  /** Where the one of this namespace is asked. */
  static address(namespace: string): string {
    return `http://prometheus.${namespace}.svc.cluster.local:${PORT}`;
  }

  /** Resolves when it has scraped so many Pods of Headgate. */
  static async start(context: Context, replicas: number): Promise<Prometheus> {
    if (spawnSync('prometheus', ['--version']).error !== undefined)
      throw new Error('There is no Prometheus here. Install it: apt-get install prometheus');
    const { api, namespace, kubectl } = context;
    await api.apply(manifests(namespace));
    await kubectl.kubectl(['rollout', 'status', 'deployment/prometheus', '--timeout=20s']);
    const { spec } = await api.get('Service', 'prometheus');
    const prometheus = new Prometheus(`http://${spec.clusterIP}:${PORT}`);
    await prometheus.until(`not ${replicas} replicas of Headgate`, 'sum(up{job="headgate"})', (up) => up === replicas);
    return prometheus;
  }

  /** What an instant query gives. @throws Error when Prometheus refuses it */
  async query(promql: string): Promise<readonly Sample[]> {
    const response = await fetch(`${this.#url}/api/v1/query?query=${encodeURIComponent(promql)}`);
    const answer = (await response.json()) as {
      error?: string;
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    if (!response.ok) throw new Error(`Prometheus refuses ${promql}: ${answer.error}`);
    return answer.data.result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }));
  }

  /** Resolves with the only value of a query once it holds. @throws Error with the last one after 30 s */
  async until(what: string, promql: string, holds: (value: number) => boolean): Promise<number> {
    const deadline = now() + 30_000;
    for (;;) {
      const [sample] = await this.query(promql);
      if (sample !== undefined && holds(sample.value)) return sample.value;
      if (now() > deadline) throw new Error(`Prometheus: ${what} within 30 s; ${promql} is ${sample?.value}`);
      await sleep(200);
    }
  }
}

/** Debian's Prometheus cannot ask the API server. The names of a headless Service's Pods do as well. */
const config = (namespace: string) => `
global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [headgate.rules.yaml]
scrape_configs:
  - job_name: headgate
    honor_labels: true
    dns_sd_configs:
      - { names: [headgate-admin.${namespace}.svc.cluster.local], type: A, port: 8081, refresh_interval: 1s }
  - job_name: argo-rollouts
    honor_labels: true
    static_configs: [{ targets: ["${ROLLOUTS_METRICS}"] }]
`;

function manifests(namespace: string) {
  const labels = { 'app.kubernetes.io/name': 'prometheus' };
  const named = (apiVersion: string, kind: string) => ({ apiVersion, kind, metadata: { name: 'prometheus', labels } });
  return [
    {
      ...named('v1', 'ConfigMap'),
      data: { 'prometheus.yml': config(namespace), 'headgate.rules.yaml': readFileSync(RULES, 'utf8') },
    },
    { ...named('v1', 'Service'), spec: { selector: labels, ports: [{ name: 'web', port: PORT, targetPort: 'web' }] } },
    {
      ...named('apps/v1', 'Deployment'),
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              {
                name: 'prometheus',
                image: 'prom/prometheus:v2.42.0',
                args: ['--config.file=/etc/prometheus/prometheus.yml', '--storage.tsdb.path=/prometheus'],
                ports: [{ name: 'web', containerPort: PORT }],
                readinessProbe: { httpGet: { path: '/-/ready', port: 'web' }, periodSeconds: 1 },
                volumeMounts: [
                  { name: 'config', mountPath: '/etc/prometheus' },
                  { name: 'data', mountPath: '/prometheus' },
                ],
              },
            ],
            volumes: [
              { name: 'config', configMap: { name: 'prometheus' } },
              { name: 'data', emptyDir: {} },
            ],
          },
        },
      },
    },
  ];
}
