import type { Share } from './table.ts';

/**
 * The weighted choice, evenly spread instead of drawn blindly: of any `total` consecutive choices, a share of weight w
 * gets w - 1 to w + 1, and yet no client that sends every n-th request is locked to one version.
 *
 * How: time is cut into cells of total/w choices (their lengths spread by Bresenham's rule, so that w cells make exactly
 * `total`), and in each cell one choice at a random place goes to the share. This is stratified ("jittered") sampling:
 * `total` consecutive choices hold w cell boundaries, so at least w - 1 whole cells and two parts of one. Plain weighted
 * round robin is as even but periodic, which locks periodic clients; a blind draw at 5% gives 0 to 12 in 100.
 *
 * More than two shares are nested: the lightest against the rest, then the next among what is left.
 */
export class Spread {
  readonly #stages: readonly Stage[];
  readonly #last: number;
  /** What it was made from, so that a new table can keep the sequence of a route whose weights stay. */
  readonly fingerprint: string;

  /** @param random uniform in [0, 1); injected by tests. */
  constructor(shares: readonly Share[], random: () => number = Math.random) {
    this.fingerprint = shares.map((share) => `${share.version}:${share.weight}`).join(',');
    const positive = shares.filter((share) => share.weight > 0);
    const ascending = positive.toSorted((a, b) => a.weight - b.weight || a.version - b.version);
    let total = ascending.reduce((sum, share) => sum + share.weight, 0);
    const stages: Stage[] = [];
    for (const share of ascending.slice(0, -1)) {
      stages.push(new Stage(share.version, share.weight, total, random));
      total -= share.weight;
    }
    this.#stages = stages;
    this.#last = ascending.at(-1)?.version ?? -1;
  }

  /** The version index of the next choice; -1 when no share has any weight. */
  next(): number {
    const stages = this.#stages;
    for (let i = 0; i < stages.length; i += 1) {
      const stage = stages[i];
      if (stage?.next()) return stage.version;
    }
    return this.#last;
  }
}

/** One share against the rest: says yes once in each cell. */
class Stage {
  readonly version: number;
  readonly #weight: number;
  readonly #total: number;
  readonly #random: () => number;
  #remainder: number;
  /** Choices left in this cell, this one included. */
  #left = 0;
  /** `#left` at which this cell says yes. */
  #pick = 0;

  constructor(version: number, weight: number, total: number, random: () => number) {
    this.version = version;
    this.#weight = weight;
    this.#total = total;
    this.#random = random;
    // A random start, so that workers and replicas do not send their n-th request to the canary together: anywhere in
    // the cycle of cells, and anywhere within the first of them.
    this.#remainder = Math.floor(random() * weight);
    this.#startCell();
    this.#left -= Math.floor(random() * this.#left);
  }

  next(): boolean {
    if (this.#left === 0) this.#startCell();
    const yes = this.#left === this.#pick;
    this.#left -= 1;
    return yes;
  }

  #startCell(): void {
    const sum = this.#remainder + this.#total;
    this.#left = Math.floor(sum / this.#weight);
    this.#remainder = sum - this.#left * this.#weight;
    this.#pick = 1 + Math.floor(this.#random() * this.#left);
  }
}
