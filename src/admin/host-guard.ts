import { isIP } from 'node:net';

/** Suffixes below which nobody can register a name that the public DNS answers for. */
const PRIVATE = ['.localhost', '.local', '.internal', '.svc', '.home.arpa', '.test'];

/**
 * DNS rebinding: a web site whose name its owner suddenly points to 127.0.0.1 may read, in the browser of whoever looks at it,
 * what listens on that machine. A request by such a site has the site's name in Host. So over a loopback address only names
 * that cannot be a site's are answered: addresses, names without a dot, and names in private domains.
 *
 * Other addresses are left to the network: behind them names are anybody's own, and probes and Prometheus come by all of them.
 *
 * @param host the Host field, if there is one: a browser always sends it
 * @returns one line that says why it is refused; null: it is not
 */
export function hostRefusal(localAddress: string | undefined, host: string | undefined): string | null {
  if (host === undefined || localAddress === undefined || !isLoopback(localAddress)) return null;
  const name = host
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
  if (isIP(name) !== 0 || !name.includes('.') || PRIVATE.some((suffix) => name.endsWith(suffix))) return null;
  return `not by the name ${JSON.stringify(name)} over a loopback address, since it may be a web site's: ask by address, or as localhost`;
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}
