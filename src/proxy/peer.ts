import { BlockList, isIP } from 'node:net';

/** Whose X-Forwarded-* and Forwarded fields are kept: a list of CIDR ranges and addresses. */
export class TrustedPeers {
  readonly #ranges: BlockList | null;

  constructor(trusted: readonly string[]) {
    if (trusted.length === 0) {
      this.#ranges = null;
      return;
    }
    this.#ranges = new BlockList();
    for (const range of trusted) {
      const [address = '', bits] = range.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.#ranges.addAddress(address, family);
      else this.#ranges.addSubnet(address, Number(bits), family);
    }
  }

  /** False for what is no address: a client that was gone before it was looked at. */
  includes(address: string): boolean {
    const family = isIP(address);
    if (this.#ranges === null || family === 0) return false;
    return this.#ranges.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }
}

/** The address of a client as it is written everywhere: an IPv4 client of a dual-stack listener without its prefix. */
export function plainAddress(remote: string | undefined): string {
  if (remote === undefined) return 'unknown';
  return remote.startsWith('::ffff:') ? remote.slice(7) : remote;
}

/** RFC 7239 6: an IPv6 address is bracketed and quoted. */
export function forwardedFor(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address;
}
