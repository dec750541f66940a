import { setTimeout as sleep } from 'node:timers/promises';
import type { TimeWindow } from '../judge/time-window.ts';
import { now } from './clock.ts';
import type { Attempt, Connection } from './connection.ts';
import { ConnectionPool } from './connection-pool.ts';
import { mayRepeat } from './may-repeat.ts';
import { isIntact, type Outgoing, outgoing } from './outgoing.ts';
import type { RequestRecord } from './request-record.ts';
import type { Response } from './response-reader.ts';
import type { Stream } from './stream.ts';
import type { Target } from './target.ts';

export interface LoadOptions {
  readonly targets: readonly Target[];
  /** Kept to each target. */
  readonly connections: number;
  readonly streams: readonly Stream[];
  /** Of a whole exchange; 10,000 where it is left out. */
  readonly timeoutMs?: number;
}

export interface Mark {
  readonly name: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

interface Schedule {
  readonly stream: Stream;
  readonly begin: number;
  sent: number;
}

/** How late a starved machine may be before a load is given up. */
const LATE_MS = 10_000;

let loads = 0;

/** An open loop: requests leave on schedule, whatever is outstanding. A late timer sends what was missed at once. */
export class Load {
  /** In the order in which they ended. */
  readonly records: RequestRecord[] = [];
  readonly marks: Mark[] = [];
  /** What came from a proxy without having been asked for: bytes on an idle connection. */
  readonly surprises: string[] = [];
  outstanding = 0;
  readonly #serial = ++loads;
  readonly #pool: ConnectionPool;
  readonly #schedules: readonly Schedule[];
  readonly #timeoutMs: number;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor({ targets, connections, streams, timeoutMs = 10_000 }: LoadOptions) {
    this.#pool = new ConnectionPool(targets, connections, (what) => this.surprises.push(what));
    this.#timeoutMs = timeoutMs;
    const begin = now();
    // The streams are shifted against each other, so that they do not leave in bursts.
    this.#schedules = streams.map((stream, index) => ({
      stream,
      begin: begin + ((index / streams.length) * 1000) / stream.rate,
      sent: 0,
    }));
    this.#tick();
  }

  /** Connections opened so far. */
  get opened(): number {
    return this.#pool.opened;
  }

  /** New connections go to these from now on. */
  setTargets(targets: readonly Target[]): void {
    this.#pool.setTargets(targets);
  }

  mark(name: string): Mark {
    const mark = { name, at: now() };
    this.marks.push(mark);
    return mark;
  }

  /** From each mark to the next, the last until now. */
  get windows(): readonly TimeWindow[] {
    return this.marks.map(({ name, at }, index) => ({ name, from: at, until: this.marks[index + 1]?.at ?? now() }));
  }

  /** The last window of this name. */
  window(name: string): TimeWindow {
    const found = this.windows.findLast((window) => window.name === name);
    if (found === undefined) throw new Error(`no mark is named ${JSON.stringify(name)}`);
    return found;
  }

  /**
   * Resolves when so many more requests (of this stream; sent at `since` or later, epoch milliseconds) have ended, well or
   * badly. Throws when that does not come about.
   */
  async answered(count: number, stream?: string, since = 0): Promise<void> {
    const counts = (record: RequestRecord) =>
      (stream === undefined || record.stream === stream) && record.sentAt >= since;
    const ended = () => this.records.filter(counts).length;
    const rate = this.#schedules.reduce(
      (sum, { stream: { name, rate } }) => (stream === undefined || stream === name ? sum + rate : sum),
      0,
    );
    const goal = ended() + count;
    const deadline = Math.max(now(), since) + (count / rate) * 1000 + this.#timeoutMs + LATE_MS;
    while (ended() < goal) {
      if (this.#stopped || now() > deadline) throw new Error(`${goal - ended()} of ${count} requests have not ended`);
      await sleep(Math.min(200, Math.max(5, ((goal - ended()) / rate) * 1000)));
    }
  }

  /** Sends no more, and resolves when everything that was sent has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    while (this.outstanding > 0) await sleep(5);
    this.#pool.close();
  }

  #tick(): void {
    if (this.#stopped) return;
    const at = now();
    let next = Number.POSITIVE_INFINITY;
    for (const schedule of this.#schedules) {
      const { stream, begin } = schedule;
      let due = begin + (schedule.sent * 1000) / stream.rate;
      while (due <= at) {
        const id = `load-${this.#serial}-${stream.name}-${schedule.sent}`;
        this.outstanding += 1;
        this.#attempt(outgoing(stream, schedule.sent, id, due), 1);
        schedule.sent += 1;
        due = begin + (schedule.sent * 1000) / stream.rate;
      }
      next = Math.min(next, due);
    }
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, next - now()));
  }

  #attempt(request: Outgoing, attempts: number): void {
    const connection = this.#pool.take();
    if (connection === null) {
      this.#record(request, { target: '', sentAt: now(), attempts, error: 'there is no ready target' });
      return;
    }
    connection.send(request, this.#timeoutMs, (attempt) => this.#ended(request, attempts, connection, attempt));
  }

  #ended(request: Outgoing, attempts: number, connection: Connection, attempt: Attempt): void {
    this.#pool.give(connection);
    const { host, port } = connection.target;
    const target = `${host}:${port}`;
    const { sentAt } = attempt;
    if ('response' in attempt) this.#record(request, { target, sentAt, attempts, response: attempt.response });
    else if (mayRepeat(attempt.failed)) this.#attempt(request, attempts + 1);
    else this.#record(request, { target, sentAt, attempts, error: attempt.error });
  }

  #record(
    request: Outgoing,
    end: { target: string; sentAt: number; attempts: number; response?: Response; error?: string },
  ): void {
    const { id, stream, method, scheduledAt } = request;
    const { target, sentAt, attempts, response, error = null } = end;
    const field = (name: string) => response?.fields.get(name) ?? null;
    const received = field('x-received-at');
    const endedAt = now();
    this.outstanding -= 1;
    this.records.push({
      id,
      stream,
      method,
      target,
      scheduledAt,
      sentAt,
      endedAt,
      attempts,
      error,
      status: response?.status ?? null,
      echoed: field('x-request-id'),
      pod: field('x-pod'),
      hash: field('x-pod-hash'),
      version: field('x-version'),
      // By the Pod's clock, which may not be this one: neither before it was sent nor after it was answered.
      receivedAt: received === null ? null : Math.min(Math.max(Number(received), sentAt), endedAt),
      bodyIntact: response !== undefined && isIntact(request, response.body),
    });
  }
}

export function startLoad(options: LoadOptions): Load {
  return new Load(options);
}
