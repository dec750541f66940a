import t from 'tap';
import { campaign } from './campaign.ts';
import { requestCases } from './request-cases.ts';
import { requestLane } from './request-lane.ts';

t.test(
  'a mutated request is refused, or the upstream sees exactly what was meant and the next has its own answer',
  async (t) => {
    const tally = await campaign(t, requestCases, requestLane, { seed: 5, runs: 2_000 });
    for (const end of ['kept', 'closed', 'refused', 'truncated', 'cut short']) {
      t.ok((tally.get(end) ?? 0) > 5, `${end}: ${tally.get(end)}`);
    }
  },
);
