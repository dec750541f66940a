import type { ListenConfig, SourceConfig } from '../config/config.ts';
import { TlsListeners } from '../control/tls-listeners.ts';
import type { Problem } from '../model/problem.ts';
import { type Snapshot, SnapshotStore } from '../model/snapshot.ts';
import { type Compiled, compile } from '../routing/compile.ts';
import { openSource } from '../sources/open-source.ts';
import { loadOptions } from './load-options.ts';
import type { SourceOptions } from './source-options.ts';

/** What a configuration and its objects make at this moment. */
export interface CompiledOnce extends Omit<Compiled, 'problems'> {
  /** What could not be read and what had to be left out, a line each. */
  readonly problems: readonly string[];
  readonly listen: readonly ListenConfig[];
}

/**
 * Loads, reads and compiles once.
 * @throws ConfigError when the configuration has mistakes, AccessError when there is no cluster, an Error when it cannot be read
 */
export async function compileOnce(options: SourceOptions): Promise<CompiledOnce> {
  const { config } = await loadOptions(options);
  const { snapshot, problems } = await readOnce(config.source);
  const compiled = compile(snapshot, config, {});
  const certificates = new TlsListeners(config.listen).problems(Date.now());
  const lines = [...problems, ...certificates, ...compiled.problems].map(
    ({ place, message, remedy }) => `${place}: ${message} (${remedy})`,
  );
  return { ...compiled, problems: lines, listen: config.listen };
}

async function readOnce(config: SourceConfig | null): Promise<{ snapshot: Snapshot; problems: readonly Problem[] }> {
  let snapshot = new SnapshotStore().snapshot();
  if (config === null) return { snapshot, problems: [] };
  const source = await openSource(config, { once: true });
  try {
    await source.start((first) => {
      snapshot = first;
    });
  } finally {
    await source.stop();
  }
  return { snapshot, problems: source.problems };
}
