import { loadConfig } from '../config/load.ts';
import type { Problem } from '../model/problem.ts';
import { type Snapshot, SnapshotStore } from '../model/snapshot.ts';
import { type Compiled, compile } from '../routing/compile.ts';
import { FilesSource } from '../sources/files.ts';

/** What a configuration and its manifests make at this moment. */
export interface CompiledOnce extends Omit<Compiled, 'problems'> {
  /** What could not be read and what had to be left out, a line each. */
  readonly problems: readonly string[];
}

/**
 * Loads, reads and compiles once.
 * @throws ConfigError when the configuration has mistakes
 */
export async function compileOnce(path: string): Promise<CompiledOnce> {
  const { config } = await loadConfig(path);
  const { snapshot, problems } = await readOnce(config.source?.files ?? []);
  const compiled = compile(snapshot, config, {});
  const lines = [...problems, ...compiled.problems].map(
    ({ place, message, remedy }) => `${place}: ${message} (${remedy})`,
  );
  return { ...compiled, problems: lines };
}

async function readOnce(files: readonly string[]): Promise<{ snapshot: Snapshot; problems: readonly Problem[] }> {
  let snapshot = new SnapshotStore().snapshot();
  if (files.length === 0) return { snapshot, problems: [] };
  const source = new FilesSource(files);
  await source.start((first) => {
    snapshot = first;
  });
  await source.stop();
  return { snapshot, problems: source.problems };
}
