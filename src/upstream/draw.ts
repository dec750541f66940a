import type { EndpointPool } from './endpoint-pool.ts';

/**
 * The less busy of two endpoints drawn at random: within a constant of the best there is, and unlike a full scan it
 * does not send every worker to the same one (Mitzenmacher, "The Power of Two Choices", 2001).
 * @param random [0, 1)
 * @param except not this one while there is another. Null: any
 * @returns null: there is none
 */
export function drawLessBusy(
  all: readonly EndpointPool[],
  random: () => number,
  except: EndpointPool | null,
): EndpointPool | null {
  const count = all.length;
  if (count < 2) return all[0] ?? null;
  const i = Math.floor(random() * count);
  let j = Math.floor(random() * (count - 1));
  if (j >= i) j += 1;
  const a = all[i] ?? null;
  const b = all[j] ?? null;
  if (a === null || b === null) return a ?? b;
  if (a === except) return b;
  if (b === except) return a;
  return b.active < a.active ? b : a;
}

/** Any that is not full, from a random one on; `except` only where it alone has room. Null: all are full. */
export function drawWithRoom(
  all: readonly EndpointPool[],
  random: () => number,
  except: EndpointPool | null,
): EndpointPool | null {
  const offset = Math.floor(random() * all.length);
  for (let i = 0; i < all.length; i += 1) {
    const endpoint = all[(offset + i) % all.length];
    if (endpoint !== undefined && endpoint !== except && !endpoint.full) return endpoint;
  }
  return except !== null && !except.full && all.includes(except) ? except : null;
}
