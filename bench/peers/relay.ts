import { fileURLToPath } from 'node:url';
import { type Children, freePorts } from '../children.ts';
import type { Peer, PeerOptions, Product } from './peer.ts';
import { listening } from './ready.ts';

/** The floor of Node's sockets: parses nothing, routes nothing. */
export const relay: Product = {
  name: 'relay',
  version: () => `on Node.js ${process.versions.node}`,
  lacks: ['tls'],
  start,
};

async function start(children: Children, { versions, cores }: PeerOptions): Promise<Peer> {
  const [port = 0] = await freePorts(1);
  const script = fileURLToPath(new URL('relay-server.ts', import.meta.url));
  const upstreams = versions.flatMap(({ ports }) => ports).map(String);
  const child = children.start('relay', cores, process.execPath, [script, String(port), ...upstreams]);
  await listening(children, child, port);
  return { name: 'relay', port, pid: child.pid, child, routes: false };
}
