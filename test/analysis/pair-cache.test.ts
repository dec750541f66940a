import t from 'tap';
import { packSamples } from '../../src/analysis/packed-samples.ts';
import { PairCache } from '../../src/analysis/pair-cache.ts';
import { type PeerAnswer, PROTOCOL } from '../../src/analysis/peer-protocol.ts';
import { answered } from './lib/samples.ts';

const BLOCK = packSamples([answered(Array.from({ length: 300 }, (_, bin) => bin)), answered([5])]);
const TEXT = Buffer.from(BLOCK).toString('base64');

/** An answer with `count` blocks, after those that are known. */
function answer(count: number, after = 0): PeerAnswer {
  const blocks = Array.from({ length: count }, (_, i) => [(count - i) * 5_000, TEXT] as const);
  return { protocol: PROTOCOL, headgate: '0.1.0', instance: 'other', window: { id: 1, age: 60_000, after, blocks } };
}

/** A cache with room for so many blocks, and a clock that the test moves. */
function setUp(blocks: number) {
  const clock = { now: 0 };
  const cache = new PairCache(() => clock.now, blocks * (BLOCK.length + 100));
  const take = (key: string, one: PeerAnswer) => {
    const taken = cache.of(key).take('a', one);
    cache.used(key);
    return taken;
  };
  const knows = (key: string) => cache.of(key).known('a') !== null;
  return { clock, cache, take, knows };
}

t.test('pairs that were asked for longest ago make room, and no more of them than is needed', async (t) => {
  const { take, knows } = setUp(10);
  for (const key of ['one', 'two', 'three']) take(key, answer(3));
  take('one', answer(0, 3));
  take('four', answer(3));
  t.strictSame(['one', 'two', 'three', 'four'].map(knows), [true, false, true, true]);
});

t.test('a pair that nobody asks for is forgotten after 15 minutes', async (t) => {
  const { clock, take, knows } = setUp(100);
  take('one', answer(1));
  clock.now += 14 * 60_000;
  take('two', answer(1));
  t.ok(knows('one'));
  clock.now += 60_000;
  take('two', answer(1, 1));
  t.notOk(knows('one'));
});

t.test('blocks that do not join those that are known are not taken, and everything is asked for anew', async (t) => {
  const { cache, take, knows } = setUp(100);
  take('one', answer(2));
  t.equal(take('one', answer(1, 3)), 'its answer leaves out blocks that are not known here');
  t.notOk(knows('one'));
  t.equal(cache.of('one').bytes, 0);
  t.match(take('one', answer(3)), { count: 3 });
});
