import type { CaseGroup } from './compare-case.ts';
import { describeRequest } from './describe-request.ts';
import { describeResponse } from './describe-response.ts';
import { observe, overLanes, type Subject } from './observe.ts';
import { SENTINEL } from './recorder.ts';
import { REQUEST_GROUPS } from './request-groups.ts';
import { RESPONSE_GROUPS } from './response-groups.ts';
import type { Verdict } from './verdict.ts';

const GET = 'GET / HTTP/1.1\r\nHost: example.com\r\n\r\n';

/** Verdicts of one proxy, in the order of the cases. */
export interface Judged {
  readonly requests: readonly Verdict[];
  readonly responses: readonly Verdict[];
}

/** Plays all cases to one proxy. */
export async function judge({ lanes, quiet }: Subject): Promise<Judged> {
  const requests = await overLanes(lanes, bytesOf(REQUEST_GROUPS), async (lane, bytes) =>
    describeRequest(bytes, await observe(lane, quiet, bytes + SENTINEL, null)),
  );
  const responses = await overLanes(lanes, bytesOf(RESPONSE_GROUPS), async (lane, bytes) =>
    describeResponse(bytes, await observe(lane, quiet, GET + SENTINEL, bytes)),
  );
  return { requests, responses };
}

function bytesOf(groups: readonly CaseGroup[]): string[] {
  return groups.flatMap(({ cases }) => cases.map(({ bytes }) => bytes));
}
