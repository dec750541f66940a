import t from 'tap';
import { Spread } from '../../src/routing/spread.ts';
import type { Share } from '../../src/routing/table.ts';
import { seededRandom } from './seeded-random.ts';

const SEEDS = [1, 2, 3] as const;
const CHOICES = 20_000;

/** Version 0 gets the rest, version 1 gets `weight`. */
function canary(weight: number, total = 100): Share[] {
  return [
    { version: 0, weight: total - weight },
    { version: 1, weight },
  ];
}

function sharesOf(...weights: readonly number[]): Share[] {
  return weights.map((weight, version) => ({ version, weight }));
}

function draw(shares: readonly Share[], seed: number, count = CHOICES): number[] {
  const spread = new Spread(shares, seededRandom(seed));
  return Array.from({ length: count }, () => spread.next());
}

/** The least and the most that any `window` consecutive choices hold of a version. */
function extremes(choices: readonly number[], version: number, window: number): { least: number; most: number } {
  let held = 0;
  let least = window;
  let most = 0;
  for (const [i, choice] of choices.entries()) {
    if (choice === version) held += 1;
    if (i >= window && choices[i - window] === version) held -= 1;
    if (i < window - 1) continue;
    least = Math.min(least, held);
    most = Math.max(most, held);
  }
  return { least, most };
}

/** The weights at which some window of one cycle held less than w - 1 or more than w + 1. */
function outOfBounds(weights: readonly number[], total: number, count = CHOICES): string[] {
  const wrong: string[] = [];
  for (const weight of weights) {
    for (const seed of SEEDS) {
      const { least, most } = extremes(draw(canary(weight, total), seed, count), 1, total);
      if (least < weight - 1 || most > weight + 1) wrong.push(`${weight}/${total} seed ${seed}: ${least}..${most}`);
    }
  }
  return wrong;
}

t.test('at 5%, any 100 consecutive choices hold 4 to 6', async (t) => {
  for (const seed of SEEDS) {
    const { least, most } = extremes(draw(canary(5), seed), 1, 100);
    t.ok(least >= 4 && most <= 6, `seed ${seed}: ${least} to ${most}`);
  }
});

t.test('at every weight from 1 to 99, any 100 consecutive choices hold the weight, give or take one', async (t) => {
  const weights = Array.from({ length: 99 }, (_, i) => i + 1);
  t.same(outOfBounds(weights, 100), []);
});

t.test('the same holds where the maximum weight is 1000', async (t) => {
  t.same(outOfBounds([1, 2, 3, 7, 50, 333, 499, 500, 501, 667, 999], 1000), []);
});

t.test('the same holds where the weights sum to a prime number', async (t) => {
  t.same(outOfBounds([1, 2, 6, 7, 13, 20, 36], 37), []);
  t.same(outOfBounds([1, 2, 50, 100, 101], 103), []);
  t.same(outOfBounds([1, 3, 333, 996], 997), []);
});

t.test('over whole cycles a share gets its weight exactly, give or take one', async (t) => {
  for (const weight of [1, 5, 33, 50, 71, 99]) {
    const got = draw(canary(weight), 11, 100 * 150).filter((version) => version === 1).length;
    t.ok(Math.abs(got - weight * 150) <= 1, `${weight}%: ${got} of 15000`);
  }
});

t.test('a client that sends every n-th request gets its share at every weight', async (t) => {
  const perClient = 1_500;
  const wrong: string[] = [];
  for (const every of [2, 10, 20]) {
    for (let weight = 1; weight < 100; weight += 1) {
      const choices = draw(canary(weight), 100 * every + weight, every * perClient);
      const got = choices.filter((version, i) => i % every === 0 && version === 1).length;
      const expected = (perClient * weight) / 100;
      // Five standard deviations of a blind draw; a client that is locked to one version is dozens away.
      const bound = 5 * Math.sqrt(expected * (1 - weight / 100));
      if (Math.abs(got - expected) > bound) wrong.push(`every ${every}th at ${weight}%: ${got} for ${expected}`);
    }
  }
  t.same(wrong, []);
});

t.test('every place of a cycle gets the share, also where the weight does not divide the total', async (t) => {
  // Cells of whole choices gave places 1/2 and 1/3 at 45%: over 20 choices the same places each time.
  const cycles = 4_000;
  for (const weight of [28, 45, 60]) {
    const places = Array.from({ length: 100 }, () => 0);
    for (const [i, version] of draw(canary(weight), weight, 100 * cycles).entries()) {
      if (version === 1) places[i % 100] = (places[i % 100] ?? 0) + 1;
    }
    const expected = (cycles * weight) / 100;
    const bound = 5 * Math.sqrt(expected * (1 - weight / 100));
    t.same(
      places.filter((got) => Math.abs(got - expected) > bound),
      [],
      `${weight}%`,
    );
  }
});

t.test('every one of 20 clients that take turns sees the canary of 5%', async (t) => {
  const choices = draw(canary(5), 5, 20 * 400);
  const seen = Array.from({ length: 20 }, (_, client) =>
    choices.filter((version, i) => i % 20 === client && version === 1),
  );
  for (const [client, got] of seen.entries())
    t.ok(got.length >= 5 && got.length <= 40, `client ${client}: ${got.length}`);
});

t.test('four shares stay within small bounds of their weights', async (t) => {
  const weights = [20, 70, 5, 5];
  // The lightest come first and are exact; each later one also bears what those before it were off by.
  const bounds = [3, 4, 1, 1];
  for (const seed of SEEDS) {
    const choices = draw(sharesOf(...weights), seed);
    for (const [version, weight] of weights.entries()) {
      const { least, most } = extremes(choices, version, 100);
      const bound = bounds[version] ?? 0;
      t.ok(least >= weight - bound && most <= weight + bound, `${weight}% seed ${seed}: ${least} to ${most}`);
    }
  }
});

t.test('three shares stay within small bounds of their weights', async (t) => {
  for (const weights of [
    [80, 10, 10],
    [90, 5, 5],
    [34, 33, 33],
    [1, 1, 98],
  ]) {
    const choices = draw(sharesOf(...weights), 8);
    for (const [version, weight] of weights.entries()) {
      const { least, most } = extremes(choices, version, 100);
      t.ok(least >= weight - 3 && most <= weight + 3, `${weights.join('/')}: ${weight}% got ${least} to ${most}`);
    }
  }
});

t.test('in the long run each of several shares gets its weight', async (t) => {
  const weights = [20, 70, 5, 5];
  const choices = draw(sharesOf(...weights), 21, 100_000);
  for (const [version, weight] of weights.entries()) {
    const got = choices.filter((choice) => choice === version).length;
    t.ok(Math.abs(got - weight * 1_000) <= 5, `${weight}%: ${got} of 100000`);
  }
});

t.test('weight 0 gets nothing, and the whole weight gets everything', async (t) => {
  t.same(new Set(draw(sharesOf(100, 0), 1, 1_000)), new Set([0]));
  t.same(new Set(draw(sharesOf(0, 100), 1, 1_000)), new Set([1]));
  t.same(new Set(draw(sharesOf(50, 0, 50), 1, 1_000)), new Set([0, 2]));
});

t.test('without any weight there is nothing to choose', async (t) => {
  t.equal(new Spread([]).next(), -1);
  t.equal(new Spread(sharesOf(0, 0)).next(), -1);
});

t.test('sequences start at different places', async (t) => {
  const firsts = new Set(Array.from({ length: 100 }, (_, seed) => draw(canary(1), seed, 200).indexOf(1)));
  t.ok(firsts.size > 40, `${firsts.size} different places for the first choice of 1%`);
});

t.test('the first choice of a new sequence has the weights too, however uneven the cells are', async (t) => {
  // A start that was drawn by cells gave 40% (cells of 2 and 3) 41.7%: a route whose shares change all the time never gets further.
  const starts = 40_000;
  for (const weight of [1, 5, 28, 40, 45, 60]) {
    const random = seededRandom(weight);
    let got = 0;
    for (let i = 0; i < starts; i += 1) if (new Spread(canary(weight), random).next() === 1) got += 1;
    const expected = (starts * weight) / 100;
    t.ok(Math.abs(got - expected) < 4 * Math.sqrt(expected * (1 - weight / 100)), `${weight}%: ${got} for ${expected}`);
  }
});

t.test('the order of the shares does not decide who gets more', async (t) => {
  for (const shares of [canary(5), canary(5).toReversed()]) {
    const { least, most } = extremes(draw(shares, 4), 1, 100);
    t.ok(least >= 4 && most <= 6);
  }
});
