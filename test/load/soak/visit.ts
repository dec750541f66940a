import type { Ledger } from './ledger.ts';
import type { Talk } from './talk.ts';

/** What a client has in hand for one visit: a connection of its own. */
export interface Visit {
  readonly talk: Talk;
  readonly ledger: Ledger;
  /** In [0, 1). */
  readonly random: () => number;
  /** Unique in this run. */
  readonly nextId: () => string;
}

/** Comes, does something good or bad, writes down what must have been counted, and leaves. */
export type Visitor = (visit: Visit) => Promise<void>;

export function pick<Item>(random: () => number, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('there is nothing to pick');
  return item;
}
