import type { Api } from '../../test/cluster/lib/api.ts';
import type { Creation } from './objects.ts';

/** Requests under way at once: more only makes the API server's queues longer. */
const AT_ONCE = 32;

/** Makes the objects, each with its status. */
export async function fill(api: Api, creations: readonly Creation[]): Promise<void> {
  const rest = creations.values();
  const worker = async () => {
    for (const creation of rest) await create(api, creation);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function create(api: Api, { path, object, status }: Creation): Promise<void> {
  const made = (await api.raw('POST', path, object)) as { metadata: { name: string } };
  if (status === undefined) return;
  // PUT, because a merge patch is read, merged and checked anew by the API server: it costs twice as much.
  await api.raw('PUT', `${path}/${made.metadata.name}/status`, { ...made, status });
}
