/**
 * A router as Ingress controllers, meshes and load balancers are: it sends requests to the Pods that two Services of a
 * Rollout select, by the weight that the controller writes into its canary Ingress, as ingress-nginx reads it. The data
 * plane is Headgate's own, so that nothing but the choice of the Pods differs.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseConfig } from '../../../src/config/load.ts';
import { Headgate } from '../../../src/control/headgate.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { Api } from '../lib/api.ts';
import { type ClusterAddress, Connection } from '../lib/connection.ts';
import type { EndpointSlice } from '../lib/objects.ts';

export interface ServiceRouterOptions {
  readonly cluster: ClusterAddress;
  readonly namespace: string;
  readonly listen: { readonly address: string; readonly port: number };
  /** The Service of all who say nothing: stable, or active. */
  readonly main: string;
  /** The canary's, or the preview's: gets its weight, and who has the header. */
  readonly other: string;
  /** The Ingress with the canary's weight; null: it has none. */
  readonly ingress: string | null;
  /** Requests with this header, `true`, go to `other`. */
  readonly header: string;
  /** A new target takes requests so long after the Service named it, as one whose health a load balancer checks first. */
  readonly targetDelayMs: number;
}

const WEIGHT = 'nginx.ingress.kubernetes.io/canary-weight';

class ServiceRouter {
  readonly #options: ServiceRouterOptions;
  readonly #api: Api;
  /** By Service, then by `host:port`: when it was named first. */
  readonly #targets = new Map<string, Map<string, number>>();
  #weight = 0;
  #nobody = '';
  #headgate: Headgate | null = null;

  constructor(options: ServiceRouterOptions) {
    this.#options = options;
    this.#api = new Api(new Connection(options.cluster), options.namespace);
  }

  async start(): Promise<void> {
    // What has no healthy target answers 503.
    const nobody = createServer((request, response) => {
      request.resume();
      response.writeHead(503).end('no healthy upstream\n');
    }).listen(0, '127.0.0.1');
    await once(nobody, 'listening');
    this.#nobody = `127.0.0.1:${(nobody.address() as AddressInfo).port}`;
    const config = this.#config();
    this.#headgate = new Headgate({ config, source: null, logger: createLogger({ level: 'warn' }), version: '0' });
    await this.#headgate.start();
    const slices = this.#api.watch('EndpointSlice', () => this.#readTargets([...slices.objects]));
    const { ingress } = this.#options;
    this.#api.watch('Ingress', ({ object: { metadata } }) => {
      if (metadata.name !== ingress) return;
      this.#weight = Number(metadata.annotations?.[WEIGHT] ?? 0);
      this.#apply();
    });
  }

  #readTargets(slices: readonly EndpointSlice[]): void {
    const { main, other, targetDelayMs } = this.#options;
    for (const service of [main, other]) {
      const before = this.#targets.get(service) ?? new Map<string, number>();
      const addresses = slices
        .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service)
        .flatMap(({ endpoints, ports }) => {
          const port = ports?.[0]?.port ?? 0;
          const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready === true);
          return ready.map((endpoint) => `${endpoint.addresses[0]}:${port}`);
        });
      this.#targets.set(service, new Map(addresses.map((address) => [address, before.get(address) ?? Date.now()])));
    }
    this.#apply();
    if (targetDelayMs > 0) setTimeout(() => this.#apply(), targetDelayMs + 1);
  }

  #apply(): void {
    this.#headgate?.reload(this.#config());
  }

  #config() {
    const { listen, main, other, header } = this.#options;
    return parseConfig(
      JSON.stringify({
        listen,
        admin: false,
        routes: [
          {
            name: 'services',
            versions: {
              main: { weight: 100 - this.#weight, endpoints: this.#endpoints(main) },
              other: { weight: this.#weight, endpoints: this.#endpoints(other) },
            },
            headers: [{ name: header, exact: 'true', to: 'other' }],
          },
        ],
      }),
      'service-router',
    );
  }

  #endpoints(service: string): readonly string[] {
    const from = Date.now() - this.#options.targetDelayMs;
    const healthy = [...(this.#targets.get(service) ?? [])].filter(([, since]) => since <= from);
    return healthy.length === 0 ? [this.#nobody] : healthy.map(([address]) => address);
  }
}

const options: ServiceRouterOptions = JSON.parse(process.env['SERVICE_ROUTER'] ?? '');
await new ServiceRouter(options).start();
