import t from 'tap';
import { seededRandom } from '../routing/seeded-random.ts';
import { checkCodec } from './codec-check.ts';
import { readCorpus } from './corpus.ts';
import { mutate } from './mutate.ts';
import { seeds } from './seeds.ts';

/** The first input for which a property of the codec does not hold; null: it holds for all. */
function broken(inputs: Iterable<Buffer>): string | null {
  for (const input of inputs) {
    try {
      checkCodec(input);
    } catch (error) {
      return `${JSON.stringify(input.toString('latin1'))}: ${String(error)}`;
    }
  }
  return null;
}

function* mutants(count: number): Generator<Buffer> {
  const pool = [...readCorpus(), ...seeds()];
  const next = seededRandom(5);
  const random = (below: number): number => Math.floor(next() * below);
  const any = (): Buffer => pool[random(pool.length)] ?? Buffer.alloc(0);
  for (let i = 0; i < count; i += 1) yield mutate(any(), any(), random);
}

t.test('every input that led fuzzing somewhere new keeps the properties of the codec', async (t) => {
  const corpus = readCorpus();
  t.ok(corpus.length > 100, `${corpus.length} inputs`);
  t.equal(broken(corpus), null);
});

t.test('every named case of the codec keeps them', async (t) => t.equal(broken(seeds()), null));

t.test('so do 20,000 mutants of both', async (t) => t.equal(broken(mutants(20_000)), null));
