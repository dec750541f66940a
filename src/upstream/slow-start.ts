import type { EndpointPool } from './endpoint-pool.ts';

/** What a new endpoint gets at first, of what it will get. */
const FIRST_SHARE = 0.1;

/** Grows evenly from a tenth to 1 while an endpoint's age grows to `ms`. @param ms 0: there is no slow start */
export function warmthOf(age: number, ms: number): number {
  return age >= ms ? 1 : FIRST_SHARE + (1 - FIRST_SHARE) * Math.max(0, age / ms);
}

/** Of so few, looking at all of them costs less than drawing in vain. */
const FEW = 8;
/**
 * Draws of one of many before all are looked at. Where every one is new, and so a tenth as warm as it will be, one draw in ten is
 * taken: all of so many fail once in a thousand requests.
 */
const DRAWS = 64;

/**
 * The less busy of two, drawn at random by their warmth and compared by what they have in flight for their warmth: so the
 * requests of each are nearly as its warmth, whether there are few or many. Where all of them are as new, each gets the same.
 * @param except not this one while there is another
 */
export function drawByWarmth(
  choice: readonly EndpointPool[],
  random: () => number,
  except: EndpointPool | null,
): EndpointPool | null {
  if (choice.length < 2) return choice[0] ?? null;
  const a = drawn(choice, random, except, null);
  if (a === null) return choice[0] ?? null;
  const b = drawn(choice, random, except, a);
  return b !== null && b.active / b.warmth < a.active / a.warmth ? b : a;
}

/**
 * One of them, each as likely as it is warm; neither of the two. Of many any is drawn, and taken as often as it is warm: that costs the
 * same whether there are ten of them or thousands, which to sum up cost more than the request.
 */
function drawn(
  choice: readonly EndpointPool[],
  random: () => number,
  except: EndpointPool | null,
  other: EndpointPool | null,
): EndpointPool | null {
  const draws = choice.length > FEW ? DRAWS : 0;
  for (let i = 0; i < draws; i += 1) {
    const place = random() * choice.length;
    const index = Math.floor(place);
    const endpoint = choice[index];
    // What the place has behind the comma is as random as what it has before.
    if (endpoint === undefined || place - index >= endpoint.warmth) continue;
    if (endpoint !== except && endpoint !== other) return endpoint;
  }
  return drawnOfAll(choice, random, except, other);
}

function drawnOfAll(
  choice: readonly EndpointPool[],
  random: () => number,
  except: EndpointPool | null,
  other: EndpointPool | null,
): EndpointPool | null {
  let total = 0;
  for (const endpoint of choice) if (endpoint !== except && endpoint !== other) total += endpoint.warmth;
  let last: EndpointPool | null = null;
  let left = random() * total;
  for (const endpoint of choice) {
    if (endpoint === except || endpoint === other) continue;
    last = endpoint;
    left -= endpoint.warmth;
    if (left < 0) return endpoint;
  }
  return last;
}
