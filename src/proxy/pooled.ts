/** Objects that are expensive to make and used for moments: a parser serves one unfinished head, then the next. */
export class Pooled<T> {
  readonly #free: T[] = [];
  readonly #make: () => T;

  constructor(make: () => T) {
    this.#make = make;
  }

  /** As the last user left it: reset it. */
  take(): T {
    return this.#free.pop() ?? this.#make();
  }

  give(item: T): void {
    if (this.#free.length < 64) this.#free.push(item);
  }
}
