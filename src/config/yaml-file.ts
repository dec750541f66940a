import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { errorText } from '../common/error-text.ts';
import type { Path } from '../common/format-path.ts';
import { yamlOffset } from '../common/yaml-offset.ts';
import { explainSyntax } from '../common/yaml-syntax.ts';

/** What the YAML itself gets wrong. */
export interface YamlMistake {
  readonly line: number;
  readonly column: number;
  readonly path: Path;
  readonly message: string;
  readonly remedy: string | null;
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One YAML document whose values can be traced back to their lines. */
export class YamlFile {
  readonly mistakes: readonly YamlMistake[];
  /** The document as plain data; undefined where its syntax is broken. */
  readonly value: unknown;
  readonly #document: Document;
  readonly #lines = new LineCounter();

  constructor(text: string) {
    // Duplicate keys are looked for here, so that each is named with its path and the rest is validated all the same.
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, uniqueKeys: false });
    const broken = [...this.#document.errors, ...this.#document.warnings].map((error) => ({
      ...this.#position(error.pos[0]),
      path: [],
      ...explainSyntax(error),
    }));
    if (broken.length > 0) {
      this.mistakes = broken;
      return;
    }
    const found: YamlMistake[] = [];
    const resolvable = this.#inspect(this.#document.contents, [], found);
    this.mistakes = found;
    if (!resolvable) return;
    try {
      this.value = this.#document.toJS();
    } catch (error) {
      // The library's guard against aliases that multiply (a "billion laughs").
      const remedy = 'write out what the aliases (*name) stand for';
      found.push({ line: 1, column: 1, path: [], message: `is not usable YAML: ${errorText(error)}`, remedy });
    }
  }

  /** Where the value at `path` begins, or its key; what is missing is placed at the nearest thing around it. */
  locate(path: Path, at: 'key' | 'value'): Position {
    return this.#position(yamlOffset(this.#document, path, at));
  }

  /** Collects duplicate and non-string keys and unknown aliases; false: there is an alias that leads nowhere. */
  #inspect(node: unknown, path: Path, found: YamlMistake[]): boolean {
    const report = (offset: number | undefined, at: Path, message: string, remedy: string | null) =>
      found.push({ ...this.#position(offset ?? 0), path: at, message, remedy });
    let resolvable = true;
    if (isAlias(node)) {
      if (node.resolve(this.#document) === undefined) {
        report(node.range?.[0], path, `names an anchor that is not there: *${node.source}`, 'define it above with &');
        return false;
      }
    } else if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) {
        resolvable = this.#inspect(item, [...path, index], found) && resolvable;
      }
    } else if (isMap(node)) {
      const seen = new Map<string, number>();
      for (const { key, value } of node.items) {
        const offset = isNode(key) ? key.range?.[0] : undefined;
        if (!isScalar(key) || typeof key.value !== 'string') {
          const written = isScalar(key) ? (key.source ?? String(key.value)) : '';
          const remedy = written === '' ? null : `write it in quotes: "${written}"`;
          report(offset, [...path, written], 'the key is not a string', remedy);
          if (!isScalar(key)) resolvable = false;
          continue;
        }
        const at = [...path, key.value];
        const first = seen.get(key.value);
        if (first !== undefined) {
          report(offset, at, `is written twice, first in line ${first}`, 'keep one of them');
        }
        seen.set(key.value, first ?? this.#position(offset ?? 0).line);
        resolvable = this.#inspect(value, at, found) && resolvable;
      }
    }
    return resolvable;
  }

  #position(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}
