import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Path } from '../common/format-path.ts';
import { readFailure } from '../common/read-failure.ts';
import { FilePoller } from '../config/file-poller.ts';
import type { Problem } from '../model/problem.ts';
import { type Snapshot, SnapshotStore } from '../model/snapshot.ts';
import { type Manifest, ManifestError, type ManifestObject, parseManifest } from './manifest.ts';
import type { Source } from './source.ts';

/** A manifest file as last read. */
interface Entry {
  /** The configured path that it belongs to. */
  readonly root: string;
  /** What was in it when it could last be read. */
  readonly manifest: Manifest;
  /** Why it cannot be read now; null: it can. */
  readonly error: Problem | null;
}

/** What the configured paths hold now. */
interface Listing {
  readonly files: ReadonlyMap<string, { readonly root: string }>;
  /** Configured paths that cannot be read, and why. */
  readonly missing: ReadonlyMap<string, Failure>;
  readonly empty: readonly string[];
}

/** Why something cannot be read, and what to do about it. */
type Failure = ReturnType<typeof readFailure>;

const KEPT = '; what it held before is kept';

const NOTHING: Manifest = { objects: [], problems: [] };

/**
 * Kubernetes objects from manifest files and folders, watched for changes. Of a folder, every `*.yaml`, `*.yml` and
 * `*.json` directly in it is read, save hidden files and kustomizations. A file that is broken keeps what it held
 * before; so does a configured path that cannot be read any more, while a file that goes from a folder takes its objects
 * with it. Of an object in two places the first counts, in the order of paths and then names.
 */
export class FilesSource implements Source {
  readonly kind = 'files';
  readonly #roots: readonly string[];
  readonly #poller: FilePoller;
  readonly #store = new SnapshotStore();
  readonly #entries = new Map<string, Entry>();
  #applied: ReadonlyMap<string, ManifestObject> = new Map();
  #problems: readonly Problem[] = [];
  /** These, and those of the last snapshot. */
  #told: readonly Problem[] = [];
  #synced = false;
  #lastEventAt: number | null = null;
  #onChange: (snapshot: Snapshot) => void = () => undefined;

  /**
   * @param paths files and folders, absolute
   * @param intervalMs between two looks
   */
  constructor(paths: readonly string[], intervalMs = 1000) {
    this.#roots = [...new Set(paths)];
    this.#poller = new FilePoller(
      async () => [...this.#roots, ...(await this.#list()).files.keys()],
      (changed) => this.#refresh(new Set(changed)),
      intervalMs,
    );
  }

  get synced(): boolean {
    return this.#synced;
  }

  get lastEventAt(): number | null {
    return this.#lastEventAt;
  }

  get problems(): readonly Problem[] {
    return this.#problems;
  }

  async start(onChange: (snapshot: Snapshot) => void): Promise<void> {
    // Nothing is known yet, so the first look finds every path changed and reads it all.
    this.#onChange = onChange;
    await this.#poller.look();
    this.#poller.start();
  }

  async stop(): Promise<void> {
    await this.#poller.stop();
  }

  async #refresh(changed: ReadonlySet<string>): Promise<void> {
    const { files, missing, empty } = await this.#list();
    for (const [file, { root }] of this.#entries) {
      if (!files.has(file) && !missing.has(root)) this.#entries.delete(file);
    }
    await Promise.all(
      [...files].map(async ([file, { root }]) => {
        const before = this.#entries.get(file);
        if (before !== undefined && !changed.has(file)) return;
        this.#entries.set(file, await read(file, root, before?.manifest ?? NOTHING));
      }),
    );
    const problems = [...missing].map(([root, failure]) => this.#unreadable(root, failure));
    for (const root of empty) {
      problems.push({
        place: root,
        message: 'the folder holds no *.yaml, *.yml or *.json file',
        remedy: 'put manifests directly into it, or name another folder in source.files',
      });
    }
    this.#publish(problems);
  }

  #unreadable(root: string, { reason, remedy }: Failure): Problem {
    const kept = [...this.#entries.values()].some((entry) => entry.root === root && entry.manifest !== NOTHING);
    return { place: root, message: `cannot be read: ${reason}${kept ? KEPT : ''}`, remedy };
  }

  /** Hands on what is different now, and only that. */
  #publish(problems: Problem[]): void {
    const objects = new Map<string, ManifestObject>();
    for (const [, { manifest, error }] of this.#inOrder()) {
      if (error !== null) problems.push(error);
      problems.push(...manifest.problems);
      for (const object of manifest.objects) {
        const first = objects.get(object.key);
        if (first === undefined) objects.set(object.key, object);
        else problems.push(twice(object, first));
      }
    }
    let different = false;
    for (const [key, { object }] of this.#applied) {
      if (objects.has(key)) continue;
      this.#store.apply('DELETED', object);
      different = true;
    }
    for (const [key, { object, json }] of objects) {
      const before = this.#applied.get(key);
      if (before?.json === json) continue;
      this.#store.apply(before === undefined ? 'ADDED' : 'MODIFIED', object);
      different = true;
    }
    const snapshot = this.#store.snapshot((title, path) => placeIn(objects, title, path));
    // Lines move when nothing else changes.
    const told = [...problems, ...snapshot.problems];
    different ||= !this.#synced || !isDeepStrictEqual(told, this.#told);
    this.#applied = objects;
    this.#problems = Object.freeze(problems);
    this.#told = told;
    this.#synced = true;
    this.#lastEventAt = Date.now();
    if (different) this.#onChange(snapshot);
  }

  #inOrder(): [string, Entry][] {
    const rank = new Map(this.#roots.map((root, index) => [root, index]));
    return [...this.#entries].sort(
      ([a, x], [b, y]) => (rank.get(x.root) ?? 0) - (rank.get(y.root) ?? 0) || (a < b ? -1 : 1),
    );
  }

  async #list(): Promise<Listing> {
    const files = new Map<string, { root: string }>();
    const missing = new Map<string, Failure>();
    const empty: string[] = [];
    for (const root of this.#roots) {
      try {
        const found = (await stat(root)).isDirectory() ? await manifestsIn(root) : [root];
        if (found.length === 0) empty.push(root);
        for (const file of found) if (!files.has(file)) files.set(file, { root });
      } catch (error) {
        missing.set(root, readFailure(error, 'file or folder', 'put it there, or correct source.files'));
      }
    }
    return { files, missing, empty };
  }
}

async function manifestsIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter(
    // `..data` and its like are how Kubernetes mounts a ConfigMap; its files are links in the folder itself.
    (name) => /\.(?:ya?ml|json)$/.test(name) && !name.startsWith('.') && !/^kustomization\.ya?ml$/.test(basename(name)),
  );
  return names.sort().map((name) => join(folder, name));
}

async function read(file: string, root: string, before: Manifest): Promise<Entry> {
  try {
    return { root, manifest: parseManifest(await readFile(file, 'utf8'), file), error: null };
  } catch (error) {
    const problem = error instanceof ManifestError ? error.problem : unreadableFile(file, error);
    const message = before === NOTHING ? problem.message : `${problem.message}${KEPT}`;
    return { root, manifest: before, error: { ...problem, message } };
  }
}

function unreadableFile(file: string, error: unknown): Problem {
  // It was listed a moment ago: a link that leads nowhere, as a rule.
  const { reason, remedy } = readFailure(error, 'file', 'correct the link, or take it away');
  return { place: file, message: `cannot be read: ${reason}`, remedy };
}

function twice({ placeOf, title }: ManifestObject, first: ManifestObject): Problem {
  return {
    place: placeOf([]),
    message: `${title} is left out: it is in ${first.placeOf([])} already`,
    remedy: 'take one of the two away, or give it another name or namespace',
  };
}

/** `manifests/web.yaml:12 Rollout shop/web`; `title` alone when it is in no file. */
function placeIn(objects: ReadonlyMap<string, ManifestObject>, title: string, path: Path): string {
  const object = objects.get(` ${title}`) ?? objects.get(`argoproj.io ${title}`);
  return object === undefined ? title : `${object.placeOf(path)} ${title}`;
}
