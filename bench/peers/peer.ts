import type { Certificate } from '../certificate.ts';
import type { Child, Children } from '../children.ts';
import type { BenchVersion } from '../routing.ts';

/** One proxy under test, running. */
export interface Peer {
  readonly name: string;
  /** On 127.0.0.1; speaks TLS when a certificate was given. */
  readonly port: number;
  /** The process whose CPU time and memory count. */
  readonly pid: number;
  /** To end it with. */
  readonly child: Child;
  /** False for a floor that routes nothing. */
  readonly routes: boolean;
  /** In X-Forwarded-For it writes an address of the machine for a client on loopback, as Envoy does. */
  readonly forwardsMachineAddress?: true;
}

/** What a peer is started with. */
export interface PeerOptions {
  /** Where the routing of routing.ts leads. */
  readonly versions: readonly BenchVersion[];
  /** Null: plain HTTP. */
  readonly tls: Certificate | null;
  /** Worker threads or processes. */
  readonly workers: number;
  readonly cores: readonly number[];
}

/** A product that takes part, by the name that `--peers` takes. */
export interface Product {
  readonly name: string;
  /** For the report. @throws Error that says how to install it, when it is not there. */
  version(): string;
  /** Names of workloads that it does not do: it has no row there. */
  readonly lacks: readonly string[];
  /** Starts it, and waits until it answers. */
  start(children: Children, options: PeerOptions): Promise<Peer>;
}
