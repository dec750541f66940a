import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const EXAMPLES = join(import.meta.dirname, '../../../config/examples');

export interface Example {
  /** The system itself, without Headgate; it names no namespace. */
  readonly manifests: string;
  /** Headgate's configuration for it. */
  readonly config: string;
}

/** An example of `config/examples`, as it is. */
export function example(name: string): Example {
  const folder = join(EXAMPLES, name);
  const read = (file: string) => readFileSync(join(folder, file), 'utf8');
  const { resources }: { resources: readonly string[] } = parse(read('kustomization.yaml'));
  const manifests = resources.filter((resource) => resource.startsWith('manifests/')).map(read);
  return { manifests: manifests.join('---\n'), config: read('headgate.yaml') };
}
