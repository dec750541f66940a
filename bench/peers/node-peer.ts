import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Children, freePorts } from '../children.ts';
import type { Work } from './node/work.ts';
import type { Peer, PeerOptions, Product } from './peer.ts';
import { listening } from './ready.ts';

/** node:http + undici, written by hand: what somebody does without Headgate. */
export const undici = product('undici', 'undici-server.ts', 'undici');
/** http-proxy 1.18 with a keep-alive agent. */
export const httpProxy = product('http-proxy', 'http-proxy-server.ts', 'http-proxy');

/** @param script in node/. @param library the package whose version is told. */
function product(name: string, script: string, library: string): Product {
  const path = fileURLToPath(new URL(`node/${script}`, import.meta.url));
  return {
    name,
    version: () => `${versionOf(library)} on Node.js ${process.versions.node}`,
    lacks: [],
    start: (children, options) => start(children, options, name, path),
  };
}

async function start(children: Children, options: PeerOptions, name: string, script: string): Promise<Peer> {
  const { versions, tls, workers, cores } = options;
  if (workers !== 1) throw new Error(`${name} has one process; ${workers} workers were asked for`);
  const [port = 0] = await freePorts(1);
  const work: Work = { port, versions, tls };
  const child = children.start(name, cores, process.execPath, [script, JSON.stringify(work)]);
  await listening(children, child, port);
  return { name, port, pid: child.pid, child, routes: true };
}

function versionOf(library: string): string {
  const text = readFileSync(new URL(`../../node_modules/${library}/package.json`, import.meta.url), 'utf8');
  return /"version": "([^"]+)"/.exec(text)?.[1] ?? 'unknown';
}
