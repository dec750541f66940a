/**
 * Fuzzing for as long as you like: `npm run fuzz [-- --runs N] [--seed S] [--seconds S]`, N and S for requests and for responses.
 *
 * Prints how many cases came to which end; a case that breaks the property is made small, printed with its seed, and makes the
 * exit status 1. Without --seed every run looks elsewhere.
 */
import { parseArgs } from 'node:util';
import t, { type Test } from 'tap';
import { campaign, type Tally } from './campaign.ts';
import { requestCases } from './request-cases.ts';
import { requestLane } from './request-lane.ts';
import { responseCases } from './response-cases.ts';
import { responseLane } from './response-lane.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    seconds: { type: 'string', default: '600' },
  },
});
const seed = Number(values.seed);
const budget = { runs: Number(values.runs), seed, seconds: Number(values.seconds), shrink: true };
t.setTimeout(0);

/** The ends of all cases; a failing one is reported as the test's failure. */
function report(t: Test, tally: Tally): void {
  t.ok(tally.size > 0, JSON.stringify(Object.fromEntries(tally)));
}

t.test(`requests, seed ${seed}`, async (t) => report(t, await campaign(t, requestCases, requestLane, budget)));
t.test(`responses, seed ${seed}`, async (t) => report(t, await campaign(t, responseCases, responseLane, budget)));
