/**
 * Room in front of each read, so that a rewritten head, which is a little longer than the original, can be put right
 * before the body bytes that came with it, and both go out in one write without copying the body.
 */
export const HEADROOM = 2048;
/** Room behind each read for the CRLF that ends a chunk of our own. */
export const TAILROOM = 2;
const READ_BYTES = 65536;
export const SLAB_BYTES = HEADROOM + READ_BYTES + TAILROOM;
/** Spare slabs that a worker keeps: 4 MiB. */
const MAX_SPARE = 64;

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

  /** A slab with the first `length` bytes of the landing place behind its headroom. */
  take(length: number): Buffer {
    const slab = this.#spare.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
    this.landing.copy(slab, HEADROOM, 0, length);
    return slab;
  }

  /** Nothing refers to the slab any more, a write that is under way included. */
  give(slab: Buffer): void {
    if (slab.length === SLAB_BYTES && this.#spare.length < MAX_SPARE) this.#spare.push(slab);
  }
}

export const slabs = new Slabs();
