import type { RequestView } from './match.ts';

/** A request that nobody sent, for the matcher to look at: explained, never proxied. */
export class RequestText implements RequestView {
  readonly bytes: Buffer;
  readonly hostStart: number;
  readonly hostEnd: number;
  readonly pathStart: number;
  readonly pathEnd: number;
  readonly #fields: readonly { readonly name: string; readonly start: number; readonly end: number }[];

  /**
   * @param host empty: none
   * @param target a path, of which a query is left out
   */
  constructor(host: string, target: string, headers: readonly (readonly [name: string, value: string])[]) {
    const path = target.split(/[?#]/, 1)[0] ?? '';
    const parts = [host, path, ...headers.map(([, value]) => value.trim())].map((text) => Buffer.from(text, 'utf8'));
    this.bytes = Buffer.concat(parts);
    const ends: number[] = [];
    for (const part of parts) ends.push((ends.at(-1) ?? 0) + part.length);
    const [hostEnd = 0, pathEnd = 0, ...valueEnds] = ends;
    this.hostStart = host === '' ? -1 : 0;
    this.hostEnd = host === '' ? -1 : hostEnd;
    this.pathStart = hostEnd;
    this.pathEnd = pathEnd;
    this.#fields = headers.map(([name], index) => ({
      name: name.toLowerCase(),
      start: valueEnds[index - 1] ?? pathEnd,
      end: valueEnds[index] ?? pathEnd,
    }));
  }

  findField(name: Uint8Array, from: number): number {
    const wanted = Buffer.from(name).toString('latin1');
    return this.#fields.findIndex((field, index) => index >= from && field.name === wanted);
  }

  fieldStart(index: number): number {
    return this.#fields[index]?.start ?? 0;
  }

  fieldEnd(index: number): number {
    return this.#fields[index]?.end ?? 0;
  }

  /** Every value of the field with this lower-case name. */
  valuesOf(name: string): string[] {
    return this.#fields
      .filter((field) => field.name === name)
      .map((field) => this.bytes.toString('utf8', field.start, field.end));
  }
}
