import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../routing/seeded-random.ts';
import { meetsALateFault, meetsAnEarlyFault, sendsNonsense } from './faulty-visitors.ts';
import {
  asksToClose,
  followsARule,
  keepsItsConnection,
  meetsARefusal,
  pipelines,
  readsSlowly,
  tunnels,
  writesSlowly,
} from './good-visitors.ts';
import {
  halfCloses,
  leavesInTheAnswer,
  leavesInTheBody,
  leavesInTheHead,
  leavesWhileItWaits,
  resetsInTheBody,
  resetsWhileItWaits,
} from './leaving-visitors.ts';
import type { Ledger } from './ledger.ts';
import { Talk } from './talk.ts';
import { pick, type Visitor } from './visit.ts';

/** Each as often as its number says. */
const VISITORS: readonly (readonly [Visitor, number])[] = [
  [keepsItsConnection, 40],
  [asksToClose, 8],
  [pipelines, 8],
  [followsARule, 6],
  [meetsARefusal, 6],
  [tunnels, 3],
  [writesSlowly, 2],
  [readsSlowly, 2],
  [meetsAnEarlyFault, 6],
  [meetsALateFault, 4],
  [sendsNonsense, 6],
  [halfCloses, 2],
  [leavesInTheHead, 2],
  [leavesInTheBody, 2],
  [resetsInTheBody, 2],
  [leavesWhileItWaits, 2],
  [resetsWhileItWaits, 2],
  [leavesInTheAnswer, 2],
];
const DRAW = VISITORS.flatMap(([visitor, often]) => new Array<Visitor>(often).fill(visitor));
const PAUSE_MS = 8;

let visits = 0;

/** So many visitors at a time, for so long. Resolves when the last one has left. */
export async function crowd(port: number, ledger: Ledger, size: number, ms: number): Promise<void> {
  const deadline = performance.now() + ms;
  const one = async (_: unknown, index: number): Promise<void> => {
    const random = seededRandom(visits + index);
    while (performance.now() < deadline) {
      await visitOnce(port, ledger, random);
      await sleep(random() * 2 * PAUSE_MS);
    }
  };
  await Promise.all(Array.from({ length: size }, one));
}

async function visitOnce(port: number, ledger: Ledger, random: () => number): Promise<void> {
  const visitor = pick(random, DRAW);
  visits += 1;
  const visit = visits;
  let requests = 0;
  const talk = new Talk(port);
  await visitor({ talk, ledger, random, nextId: () => `soak-${visit}-${++requests}` });
  ledger.visited(visitor.name);
  talk.leave();
}
