import { envoy } from './peers/envoy.ts';
import { haproxy } from './peers/haproxy.ts';
import { headgate } from './peers/headgate.ts';
import { nginx, nginx64k, nginxSplitClients } from './peers/nginx.ts';
import { httpProxy, undici } from './peers/node-peer.ts';
import type { Product } from './peers/peer.ts';
import { relay } from './peers/relay.ts';

/** Everybody who can take part, in the order of the report. */
export const PEERS: readonly Product[] = [
  headgate,
  nginx,
  nginx64k,
  nginxSplitClients,
  haproxy,
  relay,
  envoy,
  undici,
  httpProxy,
];
