import { median } from '../../../bench/spread.ts';
import { type Allocator, allocators } from '../lib/allocators.ts';
import type { Figures } from '../lib/figures.ts';
import { ProbedHeadgate } from '../lib/probed-headgate.ts';
import type { Context, Scenario } from '../lib/scenario.ts';
import type { SteadyOptions } from '../lib/steady-headgate.ts';
import { SteadyLoad } from '../lib/steady-load.ts';
import { workloadNamed } from '../lib/workload-named.ts';

interface Case {
  readonly workload: string;
  /** Bytes a request on the worker's heap: 1.25 times what it takes now, which the comment says. */
  readonly atMost: number;
}

interface Group {
  /** What is said of each of its cases. */
  readonly suffix: string;
  readonly options: SteadyOptions;
  readonly cases: readonly Case[];
}

const GROUPS: readonly Group[] = [
  {
    suffix: '',
    options: {},
    cases: [
      { workload: 'get', atMost: 1_200 }, // 960, or 1,040 as V8's compilers choose
      { workload: 'post-4k', atMost: 1_200 }, // the same
      { workload: 'get-25-fields', atMost: 1_200 }, // the same
    ],
  },
  {
    suffix: ' from a trusted proxy',
    options: { trusting: true },
    cases: [{ workload: 'get', atMost: 1_220 }], // 978
  },
  { suffix: '', options: { tls: true }, cases: [{ workload: 'tls', atMost: 1_240 }] }, // 990
];

/**
 * V8 counts by areas of 256 KiB, and what a scavenge leaves unused of one: a young generation in which a whole case has room makes
 * the count exact to one in a hundred. MiB.
 */
const ROOMY = ['--min-semi-space-size=64', '--max-semi-space-size=64'];

/** The compilers are done by then. */
const WARM_UP = 20_000;
const ROUND = 10_000;
const ROUNDS = 3;
/** The smallest object has 12 bytes, and somebody refers to it: one that stays with each request shows. */
const MOST_ALIVE = 8;
/** Collections. In one of them code goes that has not run for a while, megabytes: the median of the rest knows nothing of it. */
const PASSES = 4;
/** Of those who allocate, so many are told. */
const TOLD = 12;
const TOLD_IN_FINDING = 4;

/** What a request leaves to the garbage collector, and what it leaves behind. V8 counts what it allocates, whoever else runs. */
export const scenario: Scenario = { name: 'allocations', run };

async function run(context: Context): Promise<void> {
  for (const { suffix, options, cases } of GROUPS) {
    const headgate = await ProbedHeadgate.start(context, { ...options, node: ROOMY });
    const loads: SteadyLoad[] = [];
    for (const { workload: name, atMost } of cases) {
      const workload = workloadNamed(name);
      const load = await SteadyLoad.open(headgate.port, workload, workload.connections);
      loads.push(load);
      await judgeAllocated(context, headgate, load, workload.title + suffix, atMost);
    }
    await judgeAlive(context, headgate, loads, options.tls === true ? ', TLS' : suffix);
    for (const load of loads) load.close();
    await context.children.end(headgate.child);
  }
  await tellScavenges(context);
}

async function judgeAllocated(
  { say, check, who }: Context,
  headgate: ProbedHeadgate,
  load: SteadyLoad,
  title: string,
  atMost: number,
): Promise<void> {
  await load.drive(WARM_UP);
  const looks: Figures[] = [await headgate.figures()];
  let requests = 0;
  while (looks.length <= ROUNDS) {
    requests += await load.drive(ROUND);
    looks.push(await headgate.figures());
  }
  const bytes = (leastAllocated(looks) * ROUNDS) / requests;
  say(`${title}: ${bytes.toFixed(0)} bytes a request`);
  const all = bytes > atMost || who ? await sampled(headgate, load) : [];
  const told = all.map((one) => `${one.bytes.toFixed(0)} ${one.name}`);
  if (who) for (const line of told.slice(0, TOLD)) say(line);
  const found = `${bytes.toFixed(0)}, most of it ${told.slice(0, TOLD_IN_FINDING).join(', ')}; all with --who`;
  check(`${title} allocates at most ${atMost} bytes`, bytes <= atMost, found);
}

/** At the end, for a collection that is asked for makes V8 forget what it has learnt, and allocate otherwise. */
async function judgeAlive(
  { say, check }: Context,
  headgate: ProbedHeadgate,
  loads: readonly SteadyLoad[],
  suffix: string,
): Promise<void> {
  const share = (ROUND * ROUNDS) / (PASSES - 1) / loads.length;
  const alive: number[] = [];
  let requests = 0;
  for (let before = 0, pass = 0; pass < PASSES; pass += 1) {
    let driven = 0;
    for (const load of loads) driven += await load.drive(share);
    const { used } = await headgate.collected();
    if (pass > 0) alive.push((used - before) / driven);
    if (pass > 0) requests += driven;
    before = used;
  }
  const found = median(alive);
  say(`${requests} requests${suffix}: ${found.toFixed(1)} bytes of each are alive after a collection`);
  check(`requests${suffix} leave nothing behind`, found <= MOST_ALIVE, `${found.toFixed(1)} bytes of each`);
}

/** Of a Headgate whose young generation is as it comes. */
async function tellScavenges(context: Context): Promise<void> {
  const headgate = await ProbedHeadgate.start(context, {});
  const workload = workloadNamed('get');
  const load = await SteadyLoad.open(headgate.port, workload, workload.connections);
  await load.drive(WARM_UP);
  const before = await headgate.figures();
  const requests = await load.drive(ROUND * ROUNDS);
  const scavenges = (await headgate.figures()).scavenges - before.scavenges;
  context.say(`${workload.title}: ${((scavenges / requests) * 1e6).toFixed(0)} scavenges in a million requests`);
  load.close();
  await context.children.end(headgate.child);
}

/** Bytes of the best round: what others add, like the sweeps of a slow machine, is not in each of them alike. */
function leastAllocated(looks: readonly Figures[]): number {
  return Math.min(...looks.slice(1).map(({ allocated }, index) => allocated - (looks[index]?.allocated ?? 0)));
}

/** Who allocates how many bytes a request. */
async function sampled(headgate: ProbedHeadgate, load: SteadyLoad): Promise<readonly Allocator[]> {
  let requests = 1;
  const head = await headgate.profiled(async () => {
    requests = await load.drive(ROUND);
  });
  return allocators(head).map(({ name, bytes }) => ({ name, bytes: bytes / requests }));
}
