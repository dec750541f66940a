import type { EndpointPool } from './endpoint-pool.ts';

/** What the standing of a version's endpoints comes to. */
export interface EndpointReview {
  /** What is chosen from: the endpoints that may be, or all of them when none is worth a try. */
  readonly choice: readonly EndpointPool[];
  /** At least one is worth a try. */
  readonly usable: boolean;
  readonly anyGood: boolean;
  /** Nothing is held against any of them. */
  readonly allGood: boolean;
  /** Among them are endpoints that may get one request, on trial. */
  readonly due: boolean;
  /** How many are left out because they fail, and which: `host:port`, each with a space behind it. */
  readonly ejected: number;
  readonly leftOut: string;
}

/** Looks at each of them: for when one is thought of otherwise. */
export function review(all: readonly EndpointPool[]): EndpointReview {
  let open = 0;
  let usable = 0;
  let due = 0;
  let ejected = 0;
  let good = 0;
  let leftOut = '';
  for (const { name, health } of all) {
    if (health.checked && health.standing === 'good') good += 1;
    if (health.open) open += 1;
    if (health.usable) usable += 1;
    if (health.standing === 'due') due += 1;
    if (health.standing === 'ejected' || health.standing === 'trial') {
      ejected += 1;
      leftOut += `${name} `;
    }
  }
  return {
    // Panic: where no endpoint is worth a try, one that is thought to be dead is a better answer than none at all.
    choice: open === all.length || usable === 0 ? all : all.filter(({ health }) => health.open),
    usable: usable > 0,
    anyGood: good > 0,
    allGood: good === all.length,
    due: due > 0,
    ejected,
    leftOut,
  };
}

/** The same where it is known that nothing is held against any of them, whom nobody has to look at then. */
export function reviewOfGood(all: readonly EndpointPool[]): EndpointReview {
  const any = all.length > 0;
  return { choice: all, usable: any, anyGood: any, allGood: true, due: false, ejected: 0, leftOut: '' };
}
