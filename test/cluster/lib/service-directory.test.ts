import t from 'tap';
import type { EndpointSlice, Service } from './objects.ts';
import { ServiceDirectory } from './service-directory.ts';

function service(name: string, spec: Service['spec']): Service {
  return { metadata: { name, namespace: 'shop' }, spec };
}

function slice(of: string, name: string, hosts: readonly string[], ready = true): EndpointSlice {
  return {
    metadata: { name, namespace: 'shop', labels: { 'kubernetes.io/service-name': of } },
    ports: [{ name: 'http', port: 8080 }],
    endpoints: hosts.map((host) => ({ addresses: [host], conditions: { ready } })),
  };
}

const PORTS = [{ name: 'http', port: 80 }];
const SELECTOR = { app: 'shop' };

t.test("a Service's address leads to the ready Pods of all its slices, on their own port", async (t) => {
  const directory = new ServiceDirectory();
  directory.service(service('web', { clusterIP: '10.96.4.1', selector: SELECTOR, ports: PORTS }), true);
  t.same([...directory.clusterPorts().keys()], ['10.96.4.1:80']);
  t.equal(directory.endpoint('10.96.4.1:80'), null);
  directory.slice(slice('web', 'web-1', ['10.244.1.1']), true);
  directory.slice(slice('web', 'web-2', ['10.244.1.2'], false), true);
  t.same(directory.endpoint('10.96.4.1:80'), { host: '10.244.1.1', port: 8080 });
  directory.slice(slice('web', 'web-1', ['10.244.1.1']), false);
  t.equal(directory.endpoint('10.96.4.1:80'), null);
  directory.service(service('web', { clusterIP: '10.96.4.1', selector: SELECTOR, ports: PORTS }), false);
  t.equal(directory.clusterPorts().size, 0);
});

t.test("the API server's Service is its own", async (t) => {
  const directory = new ServiceDirectory();
  directory.service(service('kubernetes', { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443 }] }), true);
  t.equal(directory.clusterPorts().size, 0);
});

t.test('a name is the address of its Service, or of its Pods where it is headless', async (t) => {
  const directory = new ServiceDirectory();
  directory.service(service('web', { clusterIP: '10.96.4.1', selector: SELECTOR, ports: PORTS }), true);
  directory.service(service('peers', { clusterIP: 'None', selector: SELECTOR, ports: PORTS }), true);
  directory.slice(slice('peers', 'peers-1', ['10.244.1.1', '10.244.1.2']), true);
  directory.slice(slice('peers', 'peers-2', ['10.244.1.3'], false), true);
  t.same(directory.lookUp('web.shop.svc.cluster.local'), { addresses: ['10.96.4.1'] });
  t.same(directory.lookUp('peers.shop.svc.cluster.local'), { addresses: ['10.244.1.1', '10.244.1.2'] });
  for (const name of ['web', 'web.shop', 'web.other.svc.cluster.local', 'a.web.shop.svc.cluster.local', '']) {
    t.equal(directory.lookUp(name), null, name);
  }
});

t.test('a headless Service that says so names Pods before they are ready', async (t) => {
  const directory = new ServiceDirectory();
  const spec = { clusterIP: 'None', selector: SELECTOR, ports: PORTS, publishNotReadyAddresses: true };
  directory.service(service('peers', spec), true);
  directory.slice(slice('peers', 'peers-1', ['10.244.1.3'], false), true);
  t.same(directory.lookUp('peers.shop.svc.cluster.local'), { addresses: ['10.244.1.3'] });
});

t.test('a Service may be another name for one', async (t) => {
  const directory = new ServiceDirectory();
  directory.service(service('web', { clusterIP: '10.96.4.1', selector: SELECTOR, ports: PORTS }), true);
  const externalName = 'web.shop.svc.cluster.local';
  directory.service(service('alias', { type: 'ExternalName', externalName }), true);
  t.same(directory.lookUp('alias.shop.svc.cluster.local'), { alias: externalName, addresses: ['10.96.4.1'] });
});
