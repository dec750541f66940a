import type { EndpointPool } from './endpoint-pool.ts';

/** What a new endpoint gets at first, of what it will get. */
const FIRST_SHARE = 0.1;

/** Grows evenly from a tenth to 1 while an endpoint's age grows to `ms`. @param ms 0: there is no slow start */
export function warmthOf(age: number, ms: number): number {
  return age >= ms ? 1 : FIRST_SHARE + (1 - FIRST_SHARE) * Math.max(0, age / ms);
}

/**
 * The less busy of two, drawn at random by their warmth and compared by what they have in flight for their warmth: so the
 * requests of each are nearly as its warmth, whether there are few or many. Looks at every endpoint: it is for the while in which some
 * are new. Where all of them are as new, each gets the same.
 * @param except not this one while there is another
 */
export function drawByWarmth(
  choice: readonly EndpointPool[],
  random: () => number,
  except: EndpointPool | null,
): EndpointPool | null {
  let total = 0;
  for (const endpoint of choice) if (endpoint !== except) total += endpoint.warmth;
  const a = drawn(choice, random() * total, except, null);
  if (a === null) return choice[0] ?? null;
  const b = drawn(choice, random() * (total - a.warmth), except, a);
  return b !== null && b.active / b.warmth < a.active / a.warmth ? b : a;
}

/** The endpoint at `place` when each takes as much room as its warmth; neither of the two. */
function drawn(
  choice: readonly EndpointPool[],
  place: number,
  except: EndpointPool | null,
  other: EndpointPool | null,
): EndpointPool | null {
  let last: EndpointPool | null = null;
  let left = place;
  for (const endpoint of choice) {
    if (endpoint === except || endpoint === other) continue;
    last = endpoint;
    left -= endpoint.warmth;
    if (left < 0) return endpoint;
  }
  return last;
}
