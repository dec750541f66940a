import type { DnsAnswer } from './dns-message.ts';
import type { EndpointSlice, Service } from './objects.ts';

const DOMAIN = '.svc.cluster.local';

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

interface ClusterPort {
  readonly address: string;
  readonly port: number;
}

/** The Services of the cluster and who is behind them, as their EndpointSlices say. */
export class ServiceDirectory {
  readonly #services = new Map<string, Service>();
  /** By the Service's `namespace/name`, then by the slice's name. */
  readonly #slices = new Map<string, Map<string, EndpointSlice>>();

  service(object: Service, exists: boolean): void {
    if (exists) this.#services.set(keyOf(object), object);
    else this.#services.delete(keyOf(object));
  }

  slice(object: EndpointSlice, exists: boolean): void {
    const { namespace, name, labels } = object.metadata;
    const key = `${namespace}/${labels?.['kubernetes.io/service-name']}`;
    const slices = this.#slices.get(key) ?? new Map<string, EndpointSlice>();
    this.#slices.set(key, slices);
    if (exists) slices.set(name, object);
    else slices.delete(name);
    if (slices.size === 0) this.#slices.delete(key);
  }

  /** Every port of a Service that has an address, by `address:port`. */
  clusterPorts(): ReadonlyMap<string, ClusterPort> {
    const found = new Map<string, ClusterPort>();
    for (const { spec } of this.#services.values()) {
      const { clusterIP: address = 'None', selector, ports = [] } = spec;
      // One without a selector is the API server's, which listens at that address itself.
      if (address === 'None' || address === '' || selector === undefined) continue;
      for (const { port } of ports) found.set(`${address}:${port}`, { address, port });
    }
    return found;
  }

  /** A ready Pod behind this `address:port`, chosen blindly; null: there is none. */
  endpoint(key: string): Endpoint | null {
    for (const service of this.#services.values()) {
      const port = service.spec.ports?.find((each) => `${service.spec.clusterIP}:${each.port}` === key);
      if (port === undefined) continue;
      const ready = this.#endpoints(service, port.name);
      return ready[Math.floor(Math.random() * ready.length)] ?? null;
    }
    return null;
  }

  /** What the cluster's DNS says of a name, written out (`shop.default.svc.cluster.local`); null: no such name. */
  lookUp(name: string): DnsAnswer | null {
    const [service = '', namespace = '', ...more] = name.endsWith(DOMAIN)
      ? name.slice(0, -DOMAIN.length).split('.')
      : [];
    const found = more.length > 0 ? undefined : this.#services.get(`${namespace}/${service}`);
    if (found === undefined) return null;
    const { type, externalName = '', clusterIP = 'None', ports = [] } = found.spec;
    if (type === 'ExternalName') {
      return { alias: externalName, addresses: this.lookUp(externalName)?.addresses ?? [] };
    }
    if (clusterIP !== 'None') return { addresses: [clusterIP] };
    return { addresses: [...new Set(this.#endpoints(found, ports[0]?.name).map(({ host }) => host))] };
  }

  #endpoints(service: Service, portName: string | undefined): readonly Endpoint[] {
    const evenUnready = service.spec.publishNotReadyAddresses === true;
    return [...(this.#slices.get(keyOf(service))?.values() ?? [])].flatMap(({ endpoints, ports }) => {
      const port = ports?.find(({ name }) => (name ?? '') === (portName ?? ''))?.port;
      if (port === undefined) return [];
      const usable = (endpoints ?? []).filter(({ conditions }) => evenUnready || conditions?.ready === true);
      return usable.flatMap(({ addresses: [host] }) => (host === undefined ? [] : [{ host, port }]));
    });
  }
}

function keyOf({ metadata: { namespace, name } }: Service): string {
  return `${namespace}/${name}`;
}
