import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * The scenarios of a slow suite, a file each that exports one of its own name: those that are wanted; all, in the order of
 * their names, where none is. Throws for a name that is none.
 */
export function scenarios<S extends { readonly name: string }>(
  folder: string,
  wanted: readonly string[],
): Promise<readonly S[]> {
  const names = readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => basename(file, '.ts'))
    .sort();
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`no scenario is called ${unknown.join(', ')}; there are ${names.join(', ')}`);
  return Promise.all(
    names
      .filter((name) => wanted.length === 0 || wanted.includes(name))
      .map(async (name) => {
        const module: { scenario?: S } = await import(join(folder, `${name}.ts`));
        if (module.scenario?.name !== name) throw new Error(`scenarios/${name}.ts exports no scenario of that name`);
        return module.scenario;
      }),
  );
}
