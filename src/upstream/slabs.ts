/**
 * Room in front of each read, so that a rewritten head, which is a little longer than the original, can be put right
 * before the body bytes that came with it, and both go out in one write without copying the body.
 */
export const HEADROOM = 2048;
/** Room behind each read for the CRLF that ends a chunk of our own. */
export const TAILROOM = 2;
const READ_BYTES = 65536;
/** What a body that fills its reads is read by: a quarter of the system calls. Half of it gained half as much. */
const LARGE_READ_BYTES = 262_144;
export const SLAB_BYTES = HEADROOM + READ_BYTES + TAILROOM;
const LARGE_SLAB_BYTES = HEADROOM + LARGE_READ_BYTES + TAILROOM;
/** Spare slabs that a worker keeps: 4 MiB. */
const MAX_SPARE = 64;
/** Large slabs of a worker, used and spare: 16 MiB. Who comes when all are in use reads by small ones; what is not used for a while goes. */
const MAX_LARGE = 64;

/**
 * The buffers that upstream connections read into. A connection has one only while there is something in it: what it reads
 * else lands in one place for all, and is moved to a slab of its own before anything else can be read. So thousands of idle
 * connections hold no buffer; each would come to 66 KiB. The copy of a small answer costs 0.1 microseconds.
 */
class Slabs {
  /** Instead of a slab. */
  readonly none = Buffer.alloc(0);
  /** One for the thread: reads are handled one after the other, each to its end. */
  readonly landing = Buffer.allocUnsafeSlow(READ_BYTES);
  readonly #spare: Buffer[] = [];
  readonly #spareLarge: Buffer[] = [];
  #large = 0;
  /** The fewest large ones that were spare since the last `trim`. */
  #unused = 0;

  /** A slab with the first `length` bytes of the landing place behind its headroom. */
  take(length: number): Buffer {
    const slab = this.#spare.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
    this.landing.copy(slab, HEADROOM, 0, length);
    return slab;
  }

  /** For the next read of a body whose last one filled `slab`, which nothing refers to: a larger one, or the same where there is none. */
  grow(slab: Buffer): Buffer {
    if (slab.length !== SLAB_BYTES) return slab;
    const large = this.#spareLarge.pop() ?? this.#newLarge();
    if (large === null) return slab;
    this.#unused = Math.min(this.#unused, this.#spareLarge.length);
    this.give(slab);
    return large;
  }

  /** Nothing refers to the slab any more, a write that is under way included. */
  give(slab: Buffer): void {
    if (slab.length === LARGE_SLAB_BYTES) this.#spareLarge.push(slab);
    else if (slab.length === SLAB_BYTES && this.#spare.length < MAX_SPARE) this.#spare.push(slab);
  }

  /** The slab is left to the garbage collector. */
  lose(slab: Buffer): void {
    if (slab.length === LARGE_SLAB_BYTES) this.#large -= 1;
  }

  /** To be called every so often: lets go of the large slabs that nobody has needed since the last time. */
  trim(): void {
    this.#spareLarge.splice(0, this.#unused);
    this.#large -= this.#unused;
    this.#unused = this.#spareLarge.length;
  }

  #newLarge(): Buffer | null {
    if (this.#large >= MAX_LARGE) return null;
    this.#large += 1;
    return Buffer.allocUnsafeSlow(LARGE_SLAB_BYTES);
  }
}

export const slabs = new Slabs();
