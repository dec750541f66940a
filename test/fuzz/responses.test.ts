import t from 'tap';
import { campaign } from './campaign.ts';
import { responseCases } from './response-cases.ts';
import { responseLane } from './response-lane.ts';

t.test(
  'a mutated response is 502 or cut, or the client sees exactly what was meant, and the next request its own',
  async (t) => {
    const tally = await campaign(t, responseCases, responseLane, { seed: 5, runs: 1_200 });
    for (const fate of ['passed on', 'cut', 'bad gateway'])
      t.ok((tally.get(fate) ?? 0) > 20, `${fate}: ${tally.get(fate)}`);
  },
);
