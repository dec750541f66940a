import { type BenchVersion, HEADER_ROUTES } from '../../routing.ts';

/** A version and what is kept for each of its endpoints, taken in turn. */
export class Version<Target> {
  readonly name: string;
  readonly #targets: readonly [Target, Target];
  #turn = 0;

  constructor({ name, ports }: BenchVersion, target: (port: number) => Target) {
    this.name = name;
    this.#targets = [target(ports[0]), target(ports[1])];
  }

  next(): Target {
    this.#turn ^= 1;
    return this.#turn === 0 ? this.#targets[0] : this.#targets[1];
  }
}

interface Rule<Target> {
  readonly header: string;
  readonly value: string;
  readonly version: Version<Target>;
}

/** Chooses a version as all peers do: by the first header that claims the request, else by weight. */
export class Chooser<Target> {
  /** In the order in which they are asked. */
  readonly rules: readonly Rule<Target>[];
  readonly #weighted: readonly { readonly version: Version<Target>; readonly below: number }[];
  readonly #last: Version<Target>;

  constructor(versions: readonly BenchVersion[], target: (port: number) => Target) {
    const made = new Map(versions.map((version) => [version.name, new Version(version, target)]));
    this.rules = HEADER_ROUTES.flatMap(({ header, value, to }) => {
      const version = made.get(to);
      return version === undefined ? [] : [{ header, value, version }];
    });
    let below = 0;
    this.#weighted = versions.flatMap(({ name, weight }) => {
      const version = made.get(name);
      if (version === undefined || weight === null) return [];
      below += weight / 100;
      return [{ version, below }];
    });
    const last = this.#weighted.at(-1);
    if (last === undefined) throw new Error('no version has a weight');
    this.#last = last.version;
  }

  byWeight(): Version<Target> {
    const drawn = Math.random();
    for (const { version, below } of this.#weighted) if (drawn < below) return version;
    return this.#last;
  }
}
