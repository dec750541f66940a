import t from 'tap';
import { Wealth } from '../../src/analysis/statistics/wealth.ts';

const SHARE = 0.005;
const FREE = Number.POSITIVE_INFINITY;

t.test('blocks that show nothing leave the capital as it is, however often it is dealt out anew', async (t) => {
  const wealth = new Wealth(3, { evidenceOf: 'worse', share: SHARE, limit: FREE });
  for (let block = 0; block < 1_000; block++) wealth.multiply(new Float64Array(3));
  t.ok(Math.abs(wealth.log) < 1e-9, String(wealth.log));
});

t.test('a fair game stays fair over dealings: the mean of the capital is 1', async (t) => {
  const won = Math.log(1.5);
  const lost = Math.log(0.5);
  let sum = 0;
  const games = 2 ** 12;
  for (let game = 0; game < games; game++) {
    const wealth = new Wealth(2, { evidenceOf: 'worse', share: SHARE, limit: FREE });
    for (let block = 0; block < 12; block++) {
      const heads = ((game >> block) & 1) === 1;
      wealth.multiply(Float64Array.of(heads ? won : lost, heads ? lost : won));
    }
    sum += Math.exp(wealth.log);
  }
  t.ok(Math.abs(sum / games - 1) < 1e-9, String(sum / games));
});

t.test('what was lost in a long bad time is never all: the same gains come to the same a little later', async (t) => {
  const gains = Float64Array.of(1);
  const losses = Float64Array.of(-1);
  const capital = (badBlocks: number, share: number): number => {
    const wealth = new Wealth(1, { evidenceOf: 'worse', share, limit: FREE });
    for (let block = 0; block < badBlocks; block++) wealth.multiply(losses);
    for (let block = 0; block < 20; block++) wealth.multiply(gains);
    return wealth.log;
  };
  t.ok(capital(0, SHARE) - capital(150, SHARE) < 8);
  t.ok(capital(0, 0) - capital(150, 0) > 19, 'without dealing it is');
});

t.test('beyond its limit capital is given away', async (t) => {
  const wealth = new Wealth(1, { evidenceOf: 'better', share: SHARE, limit: 3 });
  for (let block = 0; block < 100; block++) wealth.multiply(Float64Array.of(1));
  t.equal(wealth.log, 3);
});
