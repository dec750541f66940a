/**
 * Coverage-guided fuzzing of the codec: `node test/fuzz/codec.ts [--runs N] [--seconds S] [--seed S] [--write]`.
 *
 * Begins with `test/corpus` and the named cases of the unit tests, changes what it has at random, and keeps each input that
 * takes the instrumented code of `src/http1` a way that none took before. With --write the corpus is replaced by the
 * smallest part of it that still takes every way. The first input that breaks a property is written to standard output, and
 * the exit status is 1.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { seededRandom } from '../routing/seeded-random.ts';
import { BranchMap } from './branch-map.ts';
import { readCorpus, writeCorpus } from './corpus.ts';
import { instrument } from './instrument.ts';
import { minimised } from './minimised.ts';
import { mutate } from './mutate.ts';
import { seeds } from './seeds.ts';

declare global {
  var fuzzBranch: BranchMap['branch'];
}

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '3600' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
});
const runs = Number(values.runs);
const until = performance.now() + Number(values.seconds) * 1000;
const next = seededRandom(Number(values.seed));
const random = (below: number): number => Math.floor(next() * below);

const map = new BranchMap();
globalThis.fuzzBranch = map.branch;
let nextId = 1;
let sides = 0;
registerHooks({
  load(url, context, nextLoad) {
    if (!/\/src\/http1\/[\w-]+\.ts$/.test(url)) return nextLoad(url, context);
    const instrumented = instrument(readFileSync(fileURLToPath(url), 'utf8'), nextId);
    nextId = instrumented.nextId;
    sides += instrumented.sides;
    return { format: 'module-typescript', source: instrumented.source, shortCircuit: true };
  },
});
const { checkCodec } = await import('./codec-check.ts');

/** Runs one input. True: it is worth keeping. */
function run(input: Buffer): boolean {
  map.begin();
  try {
    checkCodec(input);
  } catch (error) {
    console.error(`a property does not hold for ${JSON.stringify(input.toString('latin1'))}`);
    throw error;
  }
  return map.added();
}

function report(done: number, kept: number): void {
  const { branches, features } = map;
  console.log(`${done} inputs, ${branches} of ${sides} sides of branches, ${features} ways, ${kept} kept`);
}

const pool = [...readCorpus(), ...seeds()].filter(run);
report(0, pool.length);
let done = 0;
let told = performance.now();
while (done < runs && performance.now() < until) {
  for (let i = 0; i < 1_000; i += 1) {
    const input = mutate(pool[random(pool.length)] ?? Buffer.of(), pool[random(pool.length)] ?? Buffer.of(), random);
    if (run(input)) pool.push(input);
  }
  done += 1_000;
  if (performance.now() - told < 30_000) continue;
  told = performance.now();
  report(done, pool.length);
}
report(done, pool.length);
if (values.write) {
  const corpus = minimised(pool, (input) => {
    run(input);
    return map.pairs();
  });
  writeCorpus(corpus);
  console.log(`${corpus.length} inputs are the corpus`);
}
