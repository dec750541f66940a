type Labels = readonly (readonly [name: string, value: unknown])[];

/** Labels as a format writes them, made once: the same thousands are in every scrape. */
export class LabelCache<T> {
  readonly #make: (labels: Labels) => T;
  /** The labels of a version stay the same object as long as it is shown. */
  readonly #objects = new WeakMap<object, T>();
  /** Labels that the code itself names, statuses and reasons: by name, then by value. */
  readonly #words = new Map<string, Map<string | number, T>>();

  constructor(make: (labels: Labels) => T) {
    this.#make = make;
  }

  /** All properties of an object. */
  object(labels: object): T {
    let made = this.#objects.get(labels);
    if (made === undefined) {
      made = this.#make(Object.entries(labels));
      this.#objects.set(labels, made);
    }
    return made;
  }

  /** One label whose values are few. */
  word(name: string, value: string | number): T {
    let ofName = this.#words.get(name);
    if (ofName === undefined) {
      ofName = new Map();
      this.#words.set(name, ofName);
    }
    let made = ofName.get(value);
    if (made === undefined) {
      made = this.#make([[name, value]]);
      ofName.set(value, made);
    }
    return made;
  }
}
