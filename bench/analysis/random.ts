/** Where a simulation's chance comes from: the same seed, the same numbers, on every machine (sfc32 of PractRand). */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #count = 1;

  /** @param seed and stream any integers: streams of one seed have nothing to do with each other */
  constructor(seed: number, stream = 0) {
    this.#a = seed | 0;
    this.#b = stream | 0;
    this.#c = 0x9e3779b9 | 0;
    for (let i = 0; i < 15; i++) this.bits();
  }

  /** 32 of them, as an unsigned integer. */
  bits(): number {
    const sum = (this.#a + this.#b + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Above 0, at most 1. */
  uniform(): number {
    return (this.bits() + 1) / 2 ** 32;
  }

  /** How many of `n` happen that each happen with probability `rate`: by the gaps between them, which are geometric. */
  binomial(n: number, rate: number): number {
    if (rate <= 0) return 0;
    if (rate > 0.5) return n - this.binomial(n, 1 - rate);
    const scale = 1 / Math.log1p(-rate);
    let events = -1;
    for (let at = 0; at <= n; at += 1 + Math.floor(Math.log(this.uniform()) * scale)) events += 1;
    return events;
  }

  /** A whole number with this mean: the next lower or higher. */
  round(mean: number): number {
    return Math.floor(mean + this.uniform());
  }
}
