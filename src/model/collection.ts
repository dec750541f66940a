import { isDeepStrictEqual } from 'node:util';
import { compareObjects, compareText } from './order.ts';
import type { ObjectProblem, Parsed } from './parsed.ts';
import { SortedList } from './sorted-list.ts';

interface Named {
  readonly namespace: string;
  readonly name: string;
}

/** The objects of one kind by a key, each as it was when it could last be understood. */
export class Collection<T extends Named> {
  readonly #parse: (object: unknown) => Parsed<T>;
  readonly #onChange: (before: T | undefined, after: T | undefined) => void;
  readonly #objects = new Map<string, T>();
  readonly #problems = new Map<string, readonly ObjectProblem[]>();
  /** Null until somebody asks for it: the Pods' nobody does. */
  #sorted: SortedList<T> | null = null;

  /** @param onChange told of every object that comes, changes or goes */
  constructor(
    parse: (object: unknown) => Parsed<T>,
    onChange: (before: T | undefined, after: T | undefined) => void = () => undefined,
  ) {
    this.#parse = parse;
    this.#onChange = onChange;
  }

  /** The keys of the objects that could never be understood. */
  get leftOut(): readonly string[] {
    return [...this.#problems.keys()].filter((key) => !this.#objects.has(key)).sort(compareText);
  }

  /** @returns whether anything is different now */
  set(key: string, object: unknown): boolean {
    const parsed = this.#parse(object);
    const { problems } = parsed;
    if (!parsed.ok) {
      const fate = this.#objects.has(key) ? 'counts as it was before' : 'is left out';
      this.#problems.set(
        key,
        problems.map((problem) => ({ ...problem, message: `cannot be understood and ${fate}: ${problem.message}` })),
      );
      return true;
    }
    const solved = this.#problems.delete(key);
    if (problems.length > 0) this.#problems.set(key, problems);
    const before = this.#objects.get(key);
    // Most updates are of fields that are not kept: to whoever compares objects, nothing has happened.
    if (isDeepStrictEqual(before, parsed.value)) return solved || problems.length > 0;
    this.#objects.set(key, parsed.value);
    this.#sorted?.change(before, parsed.value);
    this.#onChange(before, parsed.value);
    return true;
  }

  /** @returns whether anything is different now */
  delete(key: string): boolean {
    const solved = this.#problems.delete(key);
    const before = this.#objects.get(key);
    if (!this.#objects.delete(key)) return solved;
    this.#sorted?.change(before, undefined);
    this.#onChange(before, undefined);
    return true;
  }

  /** By namespace, then name. The same list until an object changes. */
  sorted(): readonly T[] {
    this.#sorted ??= new SortedList(compareObjects, this.#objects.values());
    return this.#sorted.values;
  }

  problems(): readonly ObjectProblem[] {
    return [...this.#problems.values()].flat();
  }
}
