import { type Document, isMap, isNode, isSeq, LineCounter, parseAllDocuments } from 'yaml';

/** One Kubernetes object of a manifest file. */
export interface ManifestObject {
  /** Group, kind, namespace and name: what Kubernetes knows it by. */
  readonly key: string;
  /** For people: `Rollout shop/web`. */
  readonly title: string;
  /** `file:line`, in JSON `file items[3]`. */
  readonly place: string;
  readonly object: unknown;
  /** The object as JSON, to tell whether it changed. */
  readonly json: string;
}

export interface Manifest {
  readonly objects: readonly ManifestObject[];
  /** Documents that are no Kubernetes object, each with its place; the rest of the file is used. */
  readonly problems: readonly string[];
}

/** The file as a whole cannot be used; the message has its name and, where there is one, the line. */
export class ManifestError extends Error {
  readonly code = 'HEADGATE_MANIFEST_INVALID';
}

/**
 * Takes a manifest apart: YAML documents or JSON, each an object or a list of objects.
 * @throws ManifestError when the syntax is broken
 */
export function parseManifest(text: string, file: string): Manifest {
  const objects: ManifestObject[] = [];
  const problems: string[] = [];
  const add = (value: unknown, place: string) => {
    const found = identify(value, place);
    if (typeof found === 'string') problems.push(`${place}: ${found}`);
    else objects.push(found);
  };
  const json = parseJson(text);
  if (json !== undefined) {
    const items = itemsOf(json);
    if (items === null) add(json, file);
    else for (const [index, item] of items.entries()) add(item, `${file} items[${index}]`);
    return { objects, problems };
  }
  for (const { value, lines } of parseYaml(text, file)) {
    const items = itemsOf(value);
    if (items === null) add(value, `${file}:${lines[0] ?? 1}`);
    else for (const [index, item] of items.entries()) add(item, `${file}:${lines[index + 1] ?? lines[0] ?? 1}`);
  }
  return { objects, problems };
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

interface YamlValue {
  readonly value: unknown;
  /** The line of the document, then of each of its `items`. */
  readonly lines: readonly number[];
}

function parseYaml(text: string, file: string): YamlValue[] {
  const counter = new LineCounter();
  // Merge keys are no part of YAML 1.2, but kubectl takes them.
  const documents = parseAllDocuments(text, { lineCounter: counter, prettyErrors: false, merge: true });
  if (!Array.isArray(documents)) return [];
  const values: YamlValue[] = [];
  for (const document of documents) {
    const [error] = document.errors;
    if (error !== undefined) {
      const { line, col } = counter.linePos(error.pos[0]);
      throw new ManifestError(`${file}:${line}:${col}: is not valid YAML: ${error.message.split('\n')[0]}`);
    }
    if (document.contents === null) continue;
    const lines = linesOf(document, counter);
    try {
      const value: unknown = document.toJS();
      if (value !== null) values.push({ value, lines });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ManifestError(`${file}:${lines[0]}: is not usable YAML: ${reason}`);
    }
  }
  return values;
}

function linesOf(document: Document, counter: LineCounter): number[] {
  const lineOf = (node: unknown) => counter.linePos((isNode(node) ? node.range?.[0] : undefined) ?? 0).line;
  const { contents } = document;
  const items: unknown = isMap(contents) ? contents.get('items', true) : null;
  return [lineOf(contents), ...(isSeq(items) ? items.items.map(lineOf) : [])];
}

/** The objects of `kind: List`, or of a `PodList` as the API answers it, whose items leave their own kind out. */
function itemsOf(value: unknown): unknown[] | null {
  if (!isRecord(value)) return null;
  const { apiVersion, kind, items } = value;
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return null;
  if (kind === 'List') return items;
  return items.map((item: unknown) => (isRecord(item) ? { apiVersion, kind: kind.slice(0, -4), ...item } : item));
}

/** A text says why it is no Kubernetes object. */
function identify(value: unknown, place: string): ManifestObject | string {
  if (!isRecord(value)) return 'is not a Kubernetes object: it is not a map';
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== 'string' || apiVersion === '') return 'is not a Kubernetes object: it has no apiVersion';
  if (typeof kind !== 'string' || kind === '') return 'is not a Kubernetes object: it has no kind';
  const { name, namespace } = isRecord(metadata) ? metadata : {};
  if (typeof name !== 'string' || name === '') return `${kind} has no metadata.name`;
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const full = `${typeof namespace === 'string' && namespace !== '' ? namespace : 'default'}/${name}`;
  try {
    return {
      key: `${group} ${kind} ${full}`,
      title: `${kind} ${full}`,
      place,
      object: value,
      json: JSON.stringify(value),
    };
  } catch {
    return `${kind} ${full} contains itself: an alias leads to what it stands in`;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
