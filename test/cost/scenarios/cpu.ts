import { PROXY_CORE } from '../../../bench/cores.ts';
import { makeLoad } from '../../../bench/load.ts';
import { measure } from '../../../bench/measure.ts';
import { headgate } from '../../../bench/peers/headgate.ts';
import { nginx } from '../../../bench/peers/nginx.ts';
import type { Peer } from '../../../bench/peers/peer.ts';
import { prove } from '../../../bench/prove.ts';
import { median, spread } from '../../../bench/spread.ts';
import type { Context, Scenario } from '../lib/scenario.ts';
import { workloadNamed } from '../lib/workload-named.ts';

/** Times nginx's CPU. The bench's own target is 1.2; this one is to hold on a machine where others work, too. */
const BOUND = 1.5;
const ROUNDS = 5;
/** After a first verdict that may be the machine's. */
const MORE_ROUNDS = 10;
const SECONDS = 1;
const WARM_UP_SECONDS = 2;

/** CPU time of a request beside nginx's, in rounds that take turns: how fast the machine is just now is in both. */
export const scenario: Scenario = { name: 'cpu', run };

async function run({ children, versions, certificate, say, check }: Context): Promise<void> {
  const workload = workloadNamed('get');
  const options = { versions, tls: null, workers: 1, cores: [PROXY_CORE] };
  const [ours, theirs] = [await headgate.start(children, options), await nginx.start(children, options)];
  const load = makeLoad(children, workload);
  for (const peer of [ours, theirs]) {
    await prove(peer, { versions, workload, certificate });
    await measure(peer, load, WARM_UP_SECONDS);
  }
  const cost = async (peer: Peer): Promise<number> => (await measure(peer, load, SECONDS)).cpu;
  const ratios: number[] = [];
  const goOn = async (rounds: number): Promise<number> => {
    for (const until = ratios.length + rounds; ratios.length < until; )
      ratios.push((await cost(ours)) / (await cost(theirs)));
    say(`${workload.title}: ${spread(ratios, 2)} times nginx's CPU in ${ratios.length} rounds of ${SECONDS} s`);
    return median(ratios);
  };
  let found = await goOn(ROUNDS);
  if (found > BOUND) found = await goOn(MORE_ROUNDS);
  check(`a request takes at most ${BOUND} times nginx's CPU`, found <= BOUND, `${found.toFixed(2)} times`);
  for (const { child } of [ours, theirs]) await children.end(child);
}
