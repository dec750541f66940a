import { ByteTable, HASH_SEED, mix } from './byte-table.ts';
import { hostNameEnd } from './host-name.ts';
import { PathIndex } from './path-index.ts';
import type { Route } from './table.ts';

const DOT = 0x2e;
/** Hosts are compared without regard to case. */
const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte));

type Addressed = Pick<Route, 'name' | 'hosts' | 'path'>;

/** What stands behind the `*` of hosts: `.example.org`. */
interface Suffix {
  readonly paths: PathIndex;
  /** The longest that this one ends with; null: it ends with none. */
  readonly shorter: Suffix | null;
}

/**
 * Which route takes a request, by its host and path: the host's own routes, then those of the suffixes that it has, the longest
 * first, then those of any host; of these the longest path. One pass over the bytes of each, and no string made of them: a table of
 * a thousand routes costs a request what one of a single route does.
 */
export class RouteIndex {
  readonly #routes: readonly Addressed[];
  readonly #hosts: ByteTable<PathIndex>;
  readonly #suffixes: ByteTable<Suffix>;
  readonly #anyHost: PathIndex;
  readonly #hasSuffixes: boolean;
  /** False: only routes for any host. */
  readonly #hasHosts: boolean;

  constructor(routes: readonly Addressed[]) {
    const [hosts, suffixes]: [Claims, Claims] = [new Map(), new Map()];
    const anyHost: [path: string, index: number][] = [];
    const indexes = new Map(routes.map((route, index) => [route, index]));
    for (const route of routes.toSorted(longestPathFirst)) {
      const claim: [string, number] = [route.path, indexes.get(route) ?? 0];
      if (route.hosts.length === 0) anyHost.push(claim);
      for (const host of route.hosts) {
        if (host.startsWith('*.')) add(suffixes, host.slice(1), claim);
        else add(hosts, host, claim);
      }
    }
    // Not the routes themselves: an index outlives the table that it was made for.
    this.#routes = routes.map(({ name, hosts, path }) => ({ name, hosts, path }));
    this.#hosts = new ByteTable([...hosts].map(([host, paths]) => entryOf(host, new PathIndex(paths))));
    this.#suffixes = new ByteTable([...linked(suffixes)].map(([suffix, value]) => entryOf(suffix, value)));
    this.#anyHost = new PathIndex(anyHost);
    this.#hasSuffixes = suffixes.size > 0;
    this.#hasHosts = hosts.size > 0 || suffixes.size > 0;
  }

  /** Whether it would be the same for these routes: most new tables differ in weights only. */
  isFor(routes: readonly Addressed[]): boolean {
    if (routes.length !== this.#routes.length) return false;
    for (let i = 0; i < routes.length; i += 1) if (!isAddressedAlike(routes[i], this.#routes[i])) return false;
    return true;
  }

  /**
   * The index of the route, -1: none takes the request. Positions are into `bytes`.
   * @param hostStart -1: the request names no host
   */
  find(bytes: Uint8Array, hostStart: number, hostEnd: number, pathStart: number, pathEnd: number): number {
    if (hostStart >= 0 && this.#hasHosts) {
      const found = this.#findByHost(bytes, hostStart, hostNameEnd(bytes, hostStart, hostEnd), pathStart, pathEnd);
      if (found >= 0) return found;
    }
    return this.#anyHost.find(bytes, pathStart, pathEnd);
  }

  #findByHost(bytes: Uint8Array, start: number, end: number, pathStart: number, pathEnd: number): number {
    let hash = HASH_SEED;
    let suffix: Suffix | null = null;
    // From the right, as names are written: each dot ends the hash of a suffix, the last of them that of the longest.
    for (let at = end - 1; at >= start; at -= 1) {
      const byte = bytes[at] ?? 0;
      hash = mix(hash, LOWER[byte] ?? 0);
      if (byte === DOT && at > start && this.#hasSuffixes) {
        suffix = this.#suffixes.get(hash, bytes, at, end, LOWER) ?? suffix;
      }
    }
    let found = this.#hosts.get(hash, bytes, start, end, LOWER)?.find(bytes, pathStart, pathEnd) ?? -1;
    for (; found < 0 && suffix !== null; suffix = suffix.shorter) found = suffix.paths.find(bytes, pathStart, pathEnd);
    return found;
  }
}

/** By host, the paths and indexes of its routes. */
type Claims = Map<string, [path: string, index: number][]>;

function add(claims: Claims, host: string, claim: [string, number]): void {
  const list = claims.get(host);
  if (list === undefined) claims.set(host, [claim]);
  else list.push(claim);
}

function linked(claims: Claims): Map<string, Suffix> {
  const suffixes = new Map<string, Suffix>();
  // The shorter ones first.
  for (const [suffix, paths] of [...claims].sort(([a], [b]) => a.length - b.length)) {
    let shorter: Suffix | null = null;
    for (let dot = suffix.indexOf('.', 1); dot > 0 && shorter === null; dot = suffix.indexOf('.', dot + 1)) {
      shorter = suffixes.get(suffix.slice(dot)) ?? null;
    }
    suffixes.set(suffix, { paths: new PathIndex(paths), shorter });
  }
  return suffixes;
}

function entryOf<V>(host: string, value: V): { readonly hash: number; readonly key: Buffer; readonly value: V } {
  const key = Buffer.from(host, 'latin1');
  return { hash: key.reduceRight(mix, HASH_SEED), key, value };
}

function isAddressedAlike(a: Addressed | undefined, b: Addressed | undefined): boolean {
  if (a === undefined || b === undefined || a.name !== b.name || a.path !== b.path) return false;
  return a.hosts === b.hosts || (a.hosts.length === b.hosts.length && a.hosts.every((host, i) => host === b.hosts[i]));
}

function longestPathFirst(a: Addressed, b: Addressed): number {
  return b.path.length - a.path.length || (a.path < b.path ? -1 : a.path > b.path ? 1 : a.name < b.name ? -1 : 1);
}
