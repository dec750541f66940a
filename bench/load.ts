import type { Children } from './children.ts';
import type { Watched } from './cpu-watch.ts';
import { runH2load } from './h2load.ts';
import type { Peer } from './peers/peer.ts';
import type { Workload } from './workload.ts';
import { runWrk, wrkScript } from './wrk.ts';

/** What a peer has done in a stretch of time. */
export interface Done extends Watched {
  readonly requests: number;
  readonly requestsPerSecond: number;
}

/** The client side of one workload. */
export interface Load {
  readonly workload: Workload;
  /** @throws when an answer is not 2xx, or a connection fails. */
  run(peer: Peer, seconds: number): Promise<Done>;
}

/**
 * wrk, which takes the least of the core that it shares with the upstream. With TLS it would also measure its handshakes, 3 to 6 % of two
 * seconds and not what keep-alive costs: there h2load measures a stretch that begins after them.
 */
export function makeLoad(children: Children, workload: Workload): Load {
  if (workload.tls) return { workload, run: (peer, seconds) => runH2load(children, workload, peer, seconds) };
  const script = wrkScript(children, workload);
  return { workload, run: (peer, seconds) => runWrk(children, workload, script, peer, seconds) };
}
