import { Method } from '../http1/method.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { CauseName } from './causes.ts';

/** Proxies that a request may have passed. An endpoint that leads back here would go round until no descriptor is left. */
const MAX_HOPS = 16;

/** What Headgate answers to a request that no version is to see, whatever was decided; null: it goes on. */
export function ownAnswer(head: RequestHead): CauseName | null {
  // RFC 9110 7.6.2: the last recipient answers, and here that is Headgate.
  if (head.maxForwards === 0 && head.method === Method.OPTIONS) return 'max_forwards';
  return head.hops >= MAX_HOPS ? 'too_many_hops' : null;
}
