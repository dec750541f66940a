import { setTimeout as sleep } from 'node:timers/promises';
import { PROXY_CORE } from '../cores.ts';
import { CpuWatch } from '../cpu-watch.ts';
import { NOISY_PERCENT } from '../measure.ts';
import { Connection } from './connection.ts';

/**
 * Requests at a constant rate, whatever becomes of the answers: to one target after the other, in turns. Argument: a Plan as JSON. Prints a Report as JSON.
 */

/** What the process is to do. */
export interface Plan {
  readonly targets: readonly {
    readonly port: number;
    /** The process that is asked; null: none on the proxies' core. */
    readonly pid: number | null;
  }[];
  /** How often each target has its turn, without disturbed cycles: those come again, until there are twice as many in all. */
  readonly cycles: number;
  readonly turnMs: number;
  /** The beginning of each turn that does not count: what was idle meanwhile opens connections. */
  readonly warmUpMs: number;
  readonly connections: number;
  /** Requests a second of all connections together. */
  readonly rate: number;
}

export interface Report {
  readonly cycles: readonly Cycle[];
  /** How much later than planned requests were sent, microseconds: this process's own doing. */
  readonly lateness: readonly number[];
}

export interface Cycle {
  /** By target: microseconds of each request that counts. */
  readonly latencies: readonly (readonly number[])[];
  /** Percent of the proxies' core that others took, in the turn in which they took most. */
  readonly others: number;
}

/** A target's connections and the requests that are due on each. */
class Target {
  readonly #connections: readonly Connection[];
  /** When the request on its way was sent, or was due if it had to wait for the answer before; by connection. */
  readonly #since: Float64Array;
  /** When the requests that wait for their connection were due; by connection. */
  readonly #queues: readonly number[][];
  #latencies: number[] = [];
  #countFrom = 0;

  constructor(port: number, connections: number) {
    this.#since = new Float64Array(connections);
    this.#queues = Array.from({ length: connections }, () => []);
    this.#connections = Array.from({ length: connections }, (_, i) => new Connection(port, () => this.#answered(i)));
  }

  get opened(): Promise<unknown> {
    return Promise.all(this.#connections.map(({ opened }) => opened));
  }

  get busy(): boolean {
    return this.#connections.some(({ waiting }) => waiting);
  }

  begin(countFrom: number): void {
    this.#latencies = [];
    this.#countFrom = countFrom;
  }

  get latencies(): readonly number[] {
    return this.#latencies;
  }

  /** Sends a request, or has it wait on its connection: its latency counts from now on. */
  request(number: number, now: number): void {
    const index = number % this.#connections.length;
    const connection = this.#connections[index];
    if (connection === undefined) return;
    if (connection.waiting) {
      this.#queues[index]?.push(now);
      return;
    }
    this.#since[index] = now;
    connection.send();
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  #answered(index: number): void {
    const since = this.#since[index] ?? 0;
    if (since >= this.#countFrom) this.#latencies.push(Math.round((performance.now() - since) * 1000));
    const due = this.#queues[index]?.shift();
    if (due === undefined) return;
    this.#since[index] = due;
    this.#connections[index]?.send();
  }
}

async function run(plan: Plan): Promise<Report> {
  const targets = plan.targets.map(({ port, pid }) => ({ pid, target: new Target(port, plan.connections) }));
  for (const { target } of targets) await target.opened;
  const lateness: number[] = [];
  const cycles: Cycle[] = [];
  for (let quiet = 0; quiet < plan.cycles && cycles.length < 2 * plan.cycles; ) {
    let others = 0;
    const latencies: (readonly number[])[] = [];
    for (const { target, pid } of targets) {
      const watch = new CpuWatch(pid, PROXY_CORE);
      await turn(target, plan, lateness);
      latencies.push(target.latencies);
      others = Math.max(others, watch.read().others);
    }
    cycles.push({ latencies, others });
    if (others <= NOISY_PERCENT) quiet += 1;
  }
  for (const { target } of targets) target.close();
  return { cycles, lateness };
}

/** Sends a turn's requests when they are due, and waits for the last answer. */
function turn(target: Target, { turnMs, warmUpMs, rate }: Plan, lateness: number[]): Promise<void> {
  const requests = (turnMs * rate) / 1000;
  const period = 1000 / rate;
  const start = performance.now();
  target.begin(start + warmUpMs);
  let sent = 0;
  return new Promise((resolve) => {
    // The shortest that Node.js has; what it is late is reported.
    const interval = setInterval(() => {
      for (; sent < requests; sent += 1) {
        const now = performance.now();
        const due = start + sent * period;
        if (due > now) return;
        if (due >= start + warmUpMs) lateness.push(Math.round((now - due) * 1000));
        target.request(sent, now);
      }
      clearInterval(interval);
      void quiet(target).then(resolve);
    }, 1);
  });
}

async function quiet(target: Target): Promise<void> {
  while (target.busy) await sleep(1);
}

const plan: Plan = JSON.parse(process.argv[2] ?? '');
process.stdout.write(JSON.stringify(await run(plan)));
