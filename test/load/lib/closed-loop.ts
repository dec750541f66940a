import { crc32 } from 'node:zlib';
import { now } from '../../cluster/load/clock.ts';
import type { Attempt, Connection } from '../../cluster/load/connection.ts';
import { ConnectionPool } from '../../cluster/load/connection-pool.ts';
import { mayRepeat } from '../../cluster/load/may-repeat.ts';
import type { Outgoing } from '../../cluster/load/outgoing.ts';
import type { Response } from '../../cluster/load/response-reader.ts';
import type { Target } from '../../cluster/load/target.ts';

/** A request that got no proper answer. */
export interface Failure {
  readonly id: string;
  readonly method: string;
  readonly what: string;
  /** The status of the answer; null: there was none that is whole. */
  readonly status: number | null;
  /** Milliseconds since 1970. */
  readonly beganAt: number;
  readonly endedAt: number;
}

export interface ClosedLoopOptions {
  readonly targets: readonly Target[];
  /** Requests under way at any time, each on a connection of its own. */
  readonly concurrency: number;
  /** The part of the requests that are POST, half of them chunked. 0.25 where it is left out. */
  readonly posts?: number;
  /** The last part of the path, which the upstream heeds. None where it is left out. */
  readonly path?: string;
}

const TIMEOUT_MS = 30_000;
const SIZES = [0, 1, 300, 5_000, 40_000];
const BODIES = SIZES.map((size) => {
  const content = Buffer.alloc(size, 'a body that somebody posts ');
  return { content, told: `${size}:${crc32(content)}` };
});
const NOBODY = { content: Buffer.alloc(0), told: '0:0' };

let loops = 0;

/** As many requests under way as it is told, always: the next one leaves when one has ended. Each answer is examined. */
export class ClosedLoop {
  readonly failures: Failure[] = [];
  readonly surprises: string[] = [];
  answered = 0;
  repeated = 0;
  /** Begun and not ended, with their methods. */
  readonly underway = new Map<string, string>();
  readonly #pool: ConnectionPool;
  readonly #posts: number;
  readonly #path: string;
  readonly #serial = ++loops;
  #sent = 0;
  #stopped = false;
  #onIdle: () => void = () => undefined;

  constructor({ targets, concurrency, posts = 0.25, path = '' }: ClosedLoopOptions) {
    const perTarget = Math.ceil(concurrency / Math.max(1, targets.length));
    this.#pool = new ConnectionPool(targets, perTarget, (what) => this.surprises.push(what));
    this.#posts = posts;
    this.#path = path;
    for (let i = 0; i < concurrency; i += 1) this.#next();
  }

  get connectionsOpened(): number {
    return this.#pool.opened;
  }

  /** New connections go to these from now on. */
  setTargets(targets: readonly Target[]): void {
    this.#pool.setTargets(targets);
  }

  /** POSTs that are under way now. */
  get postsUnderway(): number {
    return [...this.underway.values()].filter((method) => method === 'POST').length;
  }

  /** Sends no more, and resolves when everything that was sent has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.underway.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    this.#pool.close();
  }

  #next(): void {
    if (this.#stopped) {
      if (this.underway.size === 0) this.#onIdle();
      return;
    }
    const number = this.#sent;
    this.#sent += 1;
    const ordinal = Math.floor((number + 1) * this.#posts);
    const isPost = ordinal > Math.floor(number * this.#posts);
    const body = (isPost ? BODIES[ordinal % BODIES.length] : undefined) ?? NOBODY;
    const request = this.#outgoing(`closed-${this.#serial}-${number}`, isPost, ordinal % 2 === 0, body.content);
    this.underway.set(request.id, request.method);
    this.#attempt(request, body.told);
  }

  #outgoing(id: string, isPost: boolean, chunked: boolean, content: Buffer): Outgoing {
    const method = isPost ? 'POST' : 'GET';
    const framing = !isPost ? '' : chunked ? 'transfer-encoding: chunked\r\n' : `content-length: ${content.length}\r\n`;
    const head = `${method} /app/${this.#path} HTTP/1.1\r\nhost: app.test\r\nx-request-id: ${id}\r\n${framing}\r\n`;
    const pieces = isPost && chunked ? chunk(content) : content.length > 0 ? [content] : [];
    return { id, stream: 'closed', method, scheduledAt: now(), head, pieces, content };
  }

  #attempt(request: Outgoing, told: string): void {
    const connection = this.#pool.take();
    if (connection === null) {
      // A turn later, or a loop without a target would never yield.
      setImmediate(() => this.#end(request, 'there is no target', null));
      return;
    }
    connection.send(request, TIMEOUT_MS, (attempt) => this.#ended(request, told, connection, attempt));
  }

  #ended(request: Outgoing, told: string, connection: Connection, attempt: Attempt): void {
    this.#pool.give(connection);
    if ('response' in attempt) {
      this.#end(request, mistakeIn(attempt.response, request.id, told), attempt.response.status);
    } else if (mayRepeat(attempt.failed)) {
      this.repeated += 1;
      this.#attempt(request, told);
    } else this.#end(request, attempt.error, null);
  }

  #end({ id, method, scheduledAt }: Outgoing, mistake: string, status: number | null): void {
    this.underway.delete(id);
    if (mistake === '') this.answered += 1;
    else this.failures.push({ id, method, what: mistake, status, beganAt: scheduledAt, endedAt: now() });
    this.#next();
  }
}

/** Empty: it is the answer to this request, from an application that received what was sent. */
function mistakeIn({ status, fields, body }: Response, id: string, told: string): string {
  if (status !== 200) return `status ${status} ${body.toString('latin1', 0, 40).trim()}`;
  if (fields.get('x-request-id') !== id) return 'the answer to another request';
  return fields.get('x-body') === told ? '' : 'the application received another body';
}

function chunk(content: Buffer): readonly Buffer[] {
  const end = Buffer.from('0\r\n\r\n');
  if (content.length === 0) return [end];
  const middle = Math.ceil(content.length / 2);
  const parts = [content.subarray(0, middle), content.subarray(middle)].filter((part) => part.length > 0);
  const coded = parts.map((part) =>
    Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]),
  );
  return [...coded, end];
}
