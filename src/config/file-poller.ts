import { setTimeout as sleep } from 'node:timers/promises';
import { fileStamp } from './file-stamp.ts';

/** Between two looks at a file that has changed: it is read when it has come to rest, not half-written. */
const SETTLE_MS = 20;
const SETTLE_LOOKS = 25;

/**
 * Looks at files at an interval. `fs.watch` is not used: it does not see the symlink swaps of mounted ConfigMaps on
 * every platform, nor changes on network file systems, and a second's delay does no harm.
 */
export class FilePoller {
  readonly #list: () => Promise<readonly string[]>;
  readonly #onChange: (changed: readonly string[]) => Promise<void>;
  readonly #intervalMs: number;
  readonly #stop = new AbortController();
  #stamps: ReadonlyMap<string, string>;
  #running: Promise<void> | null = null;

  /**
   * @param list the files to look at now; a file that is no longer listed counts as changed once
   * @param onChange called with the files that appeared, changed or went, one call at a time
   * @param stamps what is known already; a file with the same stamp is not reported
   */
  constructor(
    list: () => Promise<readonly string[]>,
    onChange: (changed: readonly string[]) => Promise<void>,
    intervalMs: number,
    stamps: ReadonlyMap<string, string> = new Map(),
  ) {
    this.#list = list;
    this.#onChange = onChange;
    this.#intervalMs = intervalMs;
    this.#stamps = stamps;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when no call of `onChange` is under way and none will come. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Looks once. */
  async look(): Promise<void> {
    let stamps = await this.#take();
    let changed = difference(this.#stamps, stamps);
    if (changed.length === 0) return;
    for (let look = 0; look < SETTLE_LOOKS; look += 1) {
      await sleep(SETTLE_MS);
      const again = await this.#take();
      const resting = difference(stamps, again).length === 0;
      stamps = again;
      if (resting) break;
    }
    changed = difference(this.#stamps, stamps);
    this.#stamps = stamps;
    if (changed.length > 0) await this.#onChange(changed);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await sleep(this.#intervalMs, undefined, { signal, ref: false });
      } catch {
        return;
      }
      await this.look();
    }
  }

  async #take(): Promise<ReadonlyMap<string, string>> {
    const files = await this.#list();
    const pairs = await Promise.all(files.map(async (file) => [file, await fileStamp(file)] as const));
    return new Map(pairs);
  }
}

function difference(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const changed = [...after].filter(([file, stamp]) => before.get(file) !== stamp).map(([file]) => file);
  for (const file of before.keys()) if (!after.has(file)) changed.push(file);
  return changed.sort();
}
