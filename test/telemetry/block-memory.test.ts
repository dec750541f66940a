import t from 'tap';
import type { Block } from '../../src/telemetry/blocks.ts';
import { seriesKey } from '../../src/telemetry/keys.ts';
import { recordOutcome } from '../../src/telemetry/record.ts';
import { BOTH, CANARY_KEY, counting, MINUTE, ONLY_STABLE, STABLE } from './counting.ts';
import { route, table, version } from './tables.ts';

/** Where a block lies in memory. */
const places = new WeakMap<SharedArrayBuffer, number>();
let slabs = 0;
function place(block: Block): string {
  if (!places.has(block.buffer)) places.set(block.buffer, slabs++);
  return `${places.get(block.buffer)}:${block.byteOffset}`;
}

t.test(
  'a thousand rollouts of one application, one a minute, leave the series of the last quarter of an hour',
  async (t) => {
    const { clock, registry, patch, worker } = counting(2);
    const keys = new Set<string>();
    const used = new Set<string>();
    let most = 0;
    for (let i = 0; i < 1000; i++) {
      const stable = version(`shop/talana/${i}`, { fallback: [1] });
      const canary = version(`shop/talana/${i + 1}`, { role: 'canary', fallback: [0] });
      const patches = registry.update(table(route('talana', [stable, canary])));
      patch(patches);
      for (const [key, block] of patches[0]?.series ?? []) {
        keys.add(key);
        used.add(place(block));
        recordOutcome(worker().series(key), 200, 1);
      }
      most = Math.max(most, registry.series().length);
      clock.now += MINUTE;
    }
    t.equal(keys.size, 2000, 'each version was canary and stable');
    // Two a minute for 15 minutes, and the two that are there.
    t.equal(most, 32);
    const known = [...keys].filter((key) => {
      try {
        return worker().series(key) !== undefined;
      } catch {
        return false;
      }
    });
    t.equal(known.length, 32, 'the workers have forgotten as many');
    t.ok(used.size <= 64, `${used.size} places in memory: what was forgotten is used again a quarter of an hour later`);
    t.equal(registry.fallbacks().length, 6);
  },
);

t.test('the block of a forgotten series begins at 0 when another series gets it', async (t) => {
  const { clock, registry, patch, worker } = counting();
  patch(registry.update(BOTH));
  const before = worker().series(CANARY_KEY);
  recordOutcome(before, 200, 1);
  patch(registry.update(ONLY_STABLE));
  clock.now += 15 * MINUTE;
  patch(registry.update(ONLY_STABLE));
  const next = (hash: string): Float64Array => {
    const other = version(`shop/talana/${hash}`, { role: 'canary' });
    patch(registry.update(table(route('talana', [STABLE, other]))));
    return worker().series(seriesKey('talana', other));
  };
  t.not(next('early').byteOffset, before.byteOffset, 'a request that was decided long ago may still write to it');
  clock.now += 15 * MINUTE;
  const reused = next('late');
  t.equal(reused.byteOffset, before.byteOffset);
  t.ok(reused.every((value) => value === 0));
});

t.test('two series share no number', async (t) => {
  const { registry, patch, worker } = counting();
  const routes = Array.from({ length: 100 }, (_, i) => route(`r${i}`, [version(`shop/r${i}/a`)]));
  patch(registry.update(table(...routes)));
  for (const one of routes)
    worker()
      .series(seriesKey(one.name, version(`shop/${one.name}/a`)))
      .fill(1);
  for (const [index, { blocks }] of registry.series().entries()) blocks[0]?.fill(index);
  t.ok(registry.series().every(({ blocks }, index) => blocks[0]?.every((value) => value === index)));
  t.equal(registry.series().length, 100);
});

t.test('counters that were made before the memory was at an end are told with the next table', async (t) => {
  const { registry, patch, worker } = counting();
  patch(registry.update(ONLY_STABLE));
  const many = Array.from({ length: 200 }, (_, i) => version(`shop/talana/${i}`));
  const grown = table(route('talana', many));
  const real = globalThis.SharedArrayBuffer;
  t.teardown(() => {
    globalThis.SharedArrayBuffer = real;
  });
  // What V8 says when there is none left.
  globalThis.SharedArrayBuffer = class extends real {
    constructor(length = 0) {
      super(length);
      throw new RangeError('Array buffer allocation failed');
    }
  };
  t.throws(() => registry.update(grown), RangeError);
  globalThis.SharedArrayBuffer = real;
  patch(registry.update(grown));
  for (const one of many) t.doesNotThrow(() => worker().series(seriesKey('talana', one)));
});
