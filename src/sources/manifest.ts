import { type Document, isMap, isNode, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import type { Problem } from '../model/problem.ts';

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
  const add = (value: unknown, place: string) => {
    const found = identify(value, place);
    if ('remedy' in found) problems.push(found);
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
      throw new ManifestError({
        place: `${file}:${line}:${col}`,
        message: `is not valid YAML: ${error.message.split('\n')[0]}`,
        remedy: 'correct the syntax there or just above',
      });
    }
    if (document.contents === null) continue;
    const lines = linesOf(document, counter);
    try {
      const value: unknown = document.toJS();
      if (value !== null) values.push({ value, lines });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ManifestError({
        place: `${file}:${lines[0]}`,
        message: `is not usable YAML: ${reason}`,
        remedy: 'an alias (*name) needs its anchor (&name) above it in the same document',
      });
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

const SHAPE = 'a manifest has apiVersion, kind and metadata.name; move anything else out of source.files';

/** A problem when it is no Kubernetes object. */
function identify(value: unknown, place: string): ManifestObject | Problem {
  if (!isRecord(value)) return { place, message: 'is not a Kubernetes object: it is not a map', remedy: SHAPE };
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== 'string' || apiVersion === '') {
    return { place, message: 'is not a Kubernetes object: it has no apiVersion', remedy: SHAPE };
  }
  if (typeof kind !== 'string' || kind === '') {
    return { place, message: 'is not a Kubernetes object: it has no kind', remedy: SHAPE };
  }
  const { name, namespace } = isRecord(metadata) ? metadata : {};
  if (typeof name !== 'string' || name === '') {
    return { place, message: `${kind} has no metadata.name`, remedy: 'give it a name' };
  }
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
    return {
      place,
      message: `${kind} ${full} contains itself: an alias leads to what it stands in`,
      remedy: 'write out what the alias stands for',
    };
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
