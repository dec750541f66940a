import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Api } from './api.ts';
import { answerQuery } from './dns-message.ts';
import { NETWORK } from './namespace.ts';
import { ServiceDirectory } from './service-directory.ts';

/**
 * What kube-proxy and the cluster's DNS do: a Service's address takes connections and passes each on to one of its
 * ready Pods, and its name leads to that address, or to its Pods where it is headless.
 */
export class ServiceNetwork {
  readonly #directory = new ServiceDirectory();
  readonly #api: Api;
  readonly #onTrouble: (line: string) => void;
  /** By `address:port`. */
  readonly #servers = new Map<string, Server>();

  constructor(api: Api, onTrouble: (line: string) => void) {
    this.#api = api;
    this.#onTrouble = onTrouble;
  }

  async start(): Promise<void> {
    this.#api.watch(
      'Service',
      ({ type, object }) => {
        this.#directory.service(object, type !== 'DELETED');
        this.#listen();
      },
      { everywhere: true },
    );
    this.#api.watch('EndpointSlice', ({ type, object }) => this.#directory.slice(object, type !== 'DELETED'), {
      everywhere: true,
    });
    const dns = createSocket('udp4');
    dns.on('message', (query, { address, port }) => {
      const answer = answerQuery(query, (name) => this.#directory.lookUp(name));
      if (answer !== null) dns.send(answer, port, address);
    });
    dns.bind(53, NETWORK.dns);
    await once(dns, 'listening');
  }

  #listen(): void {
    const wanted = this.#directory.clusterPorts();
    for (const [key, server] of this.#servers) {
      if (wanted.has(key)) continue;
      server.close();
      this.#servers.delete(key);
    }
    for (const [key, { address, port }] of wanted) {
      if (this.#servers.has(key)) continue;
      const server = createServer((client) => relay(client, this.#directory.endpoint(key)));
      server.on('error', (error) => this.#onTrouble(`the Service's address ${key}: ${error.message}`));
      server.listen(port, address);
      this.#servers.set(key, server);
    }
  }
}

function relay(client: Socket, endpoint: { readonly host: string; readonly port: number } | null): void {
  if (endpoint === null) {
    client.resetAndDestroy();
    return;
  }
  const server = connect(endpoint);
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    one.pipe(other);
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
}
