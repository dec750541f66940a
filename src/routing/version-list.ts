import type { Role, Version } from './table.ts';

/** Collects the versions of one route, each once, and gives them their indexes. */
export class VersionList {
  readonly #versions: Omit<Version, 'fallback'>[] = [];
  readonly #indexes = new Map<string, number>();

  /** Index of the version with that key, which is added if it is new. */
  add(version: Omit<Version, 'fallback'>): number {
    const known = this.#indexes.get(version.key);
    if (known !== undefined) return known;
    this.#versions.push(version);
    this.#indexes.set(version.key, this.#versions.length - 1);
    return this.#versions.length - 1;
  }

  /** The list, each version with those that answer when it cannot: `fallbackOf` returns indexes; its own is left out. */
  build(fallbackOf: (role: Role) => readonly (number | undefined)[]): readonly Version[] {
    return this.#versions.map((version, own) => {
      const indexes = fallbackOf(version.role).filter((index) => index !== undefined);
      return { ...version, fallback: [...new Set(indexes)].filter((index) => index !== own) };
    });
  }
}
