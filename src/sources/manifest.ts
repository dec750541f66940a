import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import { errorText } from '../common/error-text.ts';
import type { Path } from '../common/format-path.ts';
import { asRecord, isRecord } from '../common/records.ts';
import { yamlOffset } from '../common/yaml-offset.ts';
import { explainSyntax } from '../common/yaml-syntax.ts';
import type { Problem } from '../model/problem.ts';

/** One Kubernetes object of a manifest file. */
export interface ManifestObject {
  /** Group, kind, namespace and name: what Kubernetes knows it by. */
  readonly key: string;
  /** For people: `Rollout shop/web`. */
  readonly title: string;
  readonly object: unknown;
  /** Where the value at a path of the object is: `file:line`, in JSON `file items[3]`. */
  readonly placeOf: PlaceOf;
  /** The object as JSON, to tell whether it changed. */
  readonly json: string;
}

export interface Manifest {
  readonly objects: readonly ManifestObject[];
  /** Documents that are no Kubernetes object, each with its place; the rest of the file is used. */
  readonly problems: readonly Problem[];
}

/** The file as a whole cannot be used. */
export class ManifestError extends Error {
  readonly code = 'HEADGATE_MANIFEST_INVALID';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.place}: ${problem.message}`);
    this.problem = problem;
  }
}

/**
 * Takes a manifest apart: YAML documents or JSON, each an object or a list of objects.
 * @throws ManifestError when the syntax is broken
 */
export function parseManifest(text: string, file: string): Manifest {
  const objects: ManifestObject[] = [];
  const problems: Problem[] = [];
  for (const { value, placeOf } of valuesOf(text, file)) {
    for (const { item, path } of itemsOf(value)) {
      const found = identify(item, (inner) => placeOf([...path, ...inner]));
      if ('remedy' in found) problems.push(found);
      else objects.push(found);
    }
  }
  return { objects, problems };
}

type PlaceOf = (path: Path) => string;

/** A document of a file, and where in the file the value at a path of it is. */
interface FileValue {
  readonly value: unknown;
  readonly placeOf: PlaceOf;
}

function valuesOf(text: string, file: string): readonly FileValue[] {
  const json = parseJson(text);
  if (json === undefined) return parseYaml(text, file);
  // JSON has lines too, but nothing here that knows them: the item has to do.
  return [{ value: json, placeOf: ([items, index]) => (items === 'items' ? `${file} items[${String(index)}]` : file) }];
}

/** Undefined: not JSON. A file of Pods may have megabytes, and JSON is read many times faster than YAML. */
function parseJson(text: string): unknown {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    // YAML takes nearly everything that JSON does, and says in which line a mistake is.
    return undefined;
  }
}

function parseYaml(text: string, file: string): FileValue[] {
  const { documents, lines } = syntaxTree(text);
  // Places are asked for only where there is a problem. Until then the text is kept, and not the tree, which is many times as large.
  let tree: SyntaxTree | null = null;
  const lineOf = (index: number, path: Path) => {
    tree ??= syntaxTree(text);
    const document = tree.documents[index];
    return tree.lines.linePos(document === undefined ? 0 : yamlOffset(document, path, 'key')).line;
  };
  const values: FileValue[] = [];
  for (const [index, document] of documents.entries()) {
    const [error] = document.errors;
    if (error !== undefined) {
      const { line, col } = lines.linePos(error.pos[0]);
      throw new ManifestError({ place: `${file}:${line}:${col}`, ...explainSyntax(error) });
    }
    if (document.contents === null) continue;
    try {
      const value: unknown = document.toJS();
      if (value !== null) values.push({ value, placeOf: (path) => `${file}:${lineOf(index, path)}` });
    } catch (error) {
      throw new ManifestError({
        place: `${file}:${lineOf(index, [])}`,
        message: `is not usable YAML: ${errorText(error)}`,
        remedy: 'an alias (*name) needs its anchor (&name) above it in the same document',
      });
    }
  }
  return values;
}
interface SyntaxTree {
  readonly documents: readonly Document[];
  readonly lines: LineCounter;
}

function syntaxTree(text: string): SyntaxTree {
  const lines = new LineCounter();
  // Merge keys are no part of YAML 1.2, but kubectl takes them.
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, merge: true });
  return { documents: Array.isArray(documents) ? documents : [], lines };
}

/** The objects of `kind: List`, or of a `PodList` as the API answers it, whose items leave their own kind out. */
function itemsOf(value: unknown): readonly { readonly item: unknown; readonly path: Path }[] {
  const { apiVersion, kind, items } = asRecord(value);
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return [{ item: value, path: [] }];
  const known = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -4) };
  return items.map((item: unknown, index) => ({
    item: isRecord(item) ? { ...known, ...item } : item,
    path: ['items', index],
  }));
}

const SHAPE = 'a manifest has apiVersion, kind and metadata.name; move anything else out of source.files';

/** A problem when it is no Kubernetes object. */
function identify(value: unknown, placeOf: PlaceOf): ManifestObject | Problem {
  const refuse = (message: string, remedy: string): Problem => ({ place: placeOf([]), message, remedy });
  if (!isRecord(value)) return refuse('is not a Kubernetes object: it is not a map', SHAPE);
  const { apiVersion, kind } = value;
  if (typeof apiVersion !== 'string' || apiVersion === '') {
    return refuse('is not a Kubernetes object: it has no apiVersion', SHAPE);
  }
  if (typeof kind !== 'string' || kind === '') return refuse('is not a Kubernetes object: it has no kind', SHAPE);
  const { name, namespace } = asRecord(value['metadata']);
  if (typeof name !== 'string' || name === '') return refuse(`${kind} has no metadata.name`, 'give it a name');
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const title = `${kind} ${typeof namespace === 'string' && namespace !== '' ? namespace : 'default'}/${name}`;
  try {
    return { key: `${group} ${title}`, title, object: value, placeOf, json: JSON.stringify(value) };
  } catch {
    return refuse(
      `${title} contains itself: an alias leads to what it stands in`,
      'write out what the alias stands for',
    );
  }
}
