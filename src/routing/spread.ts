import type { Share } from './table.ts';

/**
 * The weighted choice, evenly spread instead of drawn blindly: of any `total` consecutive choices, a share of weight w
 * gets w - 1 to w + 1, and yet no client that sends every n-th request is locked to one version, nor even favoured.
 *
 * How: the line of choices is cut into cells of total/w choices, which need not be a whole number, and each cell says yes
 * at one random point of it, that is, to the choice in which the point lies. This is stratified ("jittered") sampling:
 * `total` consecutive choices are as long as w cells, so they hold at least w - 1 whole cells and two parts of one. Plain
 * weighted round robin is as even but periodic, which locks periodic clients; a blind draw at 5% gives 0 to 12 in 100.
 * Cells rounded to whole choices would favour the choices in the shorter ones, and at 45% a client that sends every 20th
 * request always meets the same kind.
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

/**
 * One share against the rest: says yes once in each cell. Lengths are in units of 1/weight of a choice, so that a cell of
 * `total` units and a choice of `weight` units are both whole numbers. A share is never heavier than the rest, so a cell is at
 * least two choices long, and two cells meet in one choice at most.
 */
class Stage {
  readonly version: number;
  readonly #weight: number;
  readonly #total: number;
  readonly #random: () => number;
  /** Units of the cell's first choice that belong to the cell before. */
  #shared = 0;
  /** The choice, counted from the cell's first, to which the cell says yes. */
  #pick = 0;
  /** Choices before the next yes. */
  #left = 0;

  constructor(version: number, weight: number, total: number, random: () => number) {
    this.version = version;
    this.#weight = weight;
    this.#total = total;
    this.#random = random;
    // A random start, so that workers and replicas do not send their n-th request to the canary together. Every place of
    // the cycle is as likely as any other, so that a route whose table changes all the time still gets its weights.
    const place = Math.floor(random() * total);
    const cell = Math.floor((place * weight) / total);
    this.#shared = (cell * total) % weight;
    this.#draw(random() * total < this.#shared);
    this.#left = Math.floor((cell * total) / weight) + this.#pick - place;
    while (this.#left < 0) this.#left += this.#advance();
  }

  next(): boolean {
    if (this.#left > 0) {
      this.#left -= 1;
      return false;
    }
    this.#left = this.#advance() - 1;
    return true;
  }

  /** Goes to the next cell. Returns how many choices its yes lies behind the last one. */
  #advance(): number {
    const end = this.#shared + this.#total;
    const length = Math.floor(end / this.#weight);
    const before = this.#pick;
    this.#shared = end - length * this.#weight;
    this.#draw(before === length);
    return length - before + this.#pick;
  }

  /**
   * Draws this cell's yes: every unit of the cell is as likely as any other, and yet not the first choice when it is `taken`
   * by the cell before, which happens with probability shared/total. So the first choice is drawn the more often when it is not.
   */
  #draw(taken: boolean): void {
    const weight = this.#weight;
    const total = this.#total;
    const shared = this.#shared;
    const own = shared === 0 ? 0 : weight - shared;
    const draw = taken ? own + this.#random() * (total - own) : this.#random() * (total - shared);
    let unit = draw;
    if (!taken && draw >= own) unit = own + ((draw - own) * (total - own)) / (total - shared - own);
    // Rounding must not push it into the next cell.
    this.#pick = Math.floor((shared + Math.min(unit, total - 1)) / weight);
  }
}
