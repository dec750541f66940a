import { type PackedSamples, unpackSamples } from './packed-samples.ts';
import { type PeerAnswer, windowName } from './peer-protocol.ts';
import { type PairWindow, pairBlock } from './window.ts';

/** Blocks of other replicas that are kept, so that each is sent once. */
const MOST_BYTES = 64 * 1024 * 1024;
/** An analysis asks more often. */
const KEEP_MS = 15 * 60_000;
/** What a block takes besides its samples. */
const OVERHEAD = 100;

interface KnownWindow {
  readonly name: string;
  readonly start: number;
  readonly blocks: { readonly end: number; readonly samples: PackedSamples }[];
}

/** What is known of two versions from other replicas, by address. */
export class KnownPair {
  bytes = 0;
  usedAt = 0;
  readonly #windows = new Map<string, KnownWindow>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** What need not be sent again. */
  known(address: string): { readonly window: string; readonly after: number } | null {
    const window = this.#windows.get(address);
    return window === undefined ? null : { window: window.name, after: window.blocks.length };
  }

  /** Adds what was sent to what is known. Null: there is no window; a string says what is wrong with it. */
  take(address: string, { instance, window }: PeerAnswer): PairWindow | null | string {
    let known = this.#windows.get(address);
    if (window === null) {
      this.#drop(address);
      return null;
    }
    const at = this.#now();
    const name = windowName(instance, window.id);
    if (known === undefined || known.name !== name || window.after !== known.blocks.length) {
      this.#drop(address);
      if (window.after !== 0) return 'its answer leaves out blocks that are not known here';
      known = { name, start: at - window.age, blocks: [] };
      this.#windows.set(address, known);
    }
    for (const [endedAgo, text] of window.blocks) {
      const samples = Uint8Array.from(Buffer.from(text, 'base64'));
      try {
        unpackSamples(samples, []);
      } catch {
        this.#drop(address);
        return 'its answer is broken';
      }
      known.blocks.push({ end: at - endedAgo, samples });
      this.bytes += samples.length + OVERHEAD;
    }
    const { start, blocks } = known;
    return {
      name,
      count: blocks.length,
      start,
      end: blocks.at(-1)?.end ?? null,
      pairs: () => blocks.map(({ end, samples }) => pairBlock(end, samples, [0, 1])),
    };
  }

  #drop(address: string): void {
    for (const { samples } of this.#windows.get(address)?.blocks ?? []) this.bytes -= samples.length + OVERHEAD;
    this.#windows.delete(address);
  }
}

/** What is known of pairs of versions, those asked for last at the end. */
export class PairCache {
  readonly #pairs = new Map<string, KnownPair>();
  readonly #now: () => number;
  readonly #mostBytes: number;

  constructor(now: () => number, mostBytes = MOST_BYTES) {
    this.#now = now;
    this.#mostBytes = mostBytes;
  }

  of(key: string): KnownPair {
    let pair = this.#pairs.get(key);
    if (pair === undefined) {
      pair = new KnownPair(this.#now);
      this.#pairs.set(key, pair);
    }
    return pair;
  }

  /** It was asked for now: others, that were not for long, make room. */
  used(key: string): void {
    const pair = this.of(key);
    const now = this.#now();
    pair.usedAt = now;
    this.#pairs.delete(key);
    this.#pairs.set(key, pair);
    let bytes = 0;
    for (const { bytes: own } of this.#pairs.values()) bytes += own;
    for (const [oldest, { usedAt, bytes: own }] of this.#pairs) {
      if (oldest === key || (bytes <= this.#mostBytes && now - usedAt < KEEP_MS)) break;
      this.#pairs.delete(oldest);
      bytes -= own;
    }
  }
}
