import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { AccessLog } from '../../src/telemetry/access-log.ts';
import { ATTEMPT_OUTCOMES } from '../../src/telemetry/layout.ts';
import { type Counts, TestPlane } from '../lib/plane.ts';
import { rawClient } from '../lib/raw-client.ts';
import { type RawPeer, turn } from '../lib/raw-peer.ts';
import { type StaticVersion, staticTable } from '../lib/static-table.ts';
import { testSettings } from '../lib/test-settings.ts';
import { deadPort } from '../lib/upstreams.ts';
import { type Fate, type FatedUpstreams, fatedUpstreams } from './fated-upstream.ts';

const VERSIONS = ['stable', 'canary', 'dead', 'empty', 'lone'] as const;

/** One request: to which version, what becomes of its attempts there, and what its client does. */
interface Plan {
  readonly to: string;
  readonly client: 'whole' | 'leaves' | 'half' | 'badChunk' | 'upgrade' | 'nowhere';
  readonly method: string;
  readonly fates: readonly Fate[];
}

const plan: fc.Arbitrary<Plan> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      to: fc.constantFrom(...VERSIONS),
      client: fc.constant('whole' as const),
      method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT'),
      fates: fc.array(
        fc.constantFrom<Fate[]>(
          ...([
            'ok',
            'missing',
            'error',
            'interim',
            'garbage',
            'badChunk',
            'halfHead',
            'halfBody',
            'halfError',
          ] as const),
          ...(['stall', 'silence', 'fin', 'reset', 'reset', 'reset'] as const),
        ),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      // Not `dead`: whether it is answered before it leaves must not depend on how fast a connect fails.
      to: fc.constantFrom('stable', 'canary', 'empty'),
      client: fc.constant('leaves' as const),
      method: fc.constantFrom('GET', 'POST'),
      fates: fc.constantFrom<Fate[]>('silence', 'stall').map((fate) => [fate]),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      to: fc.constantFrom(...VERSIONS),
      client: fc.constantFrom('half' as const, 'badChunk' as const),
      method: fc.constant('POST'),
      fates: fc.constantFrom<Fate[]>('silence', 'stall', 'missing', 'error', 'reset').map((fate) => [fate]),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      to: fc.constantFrom(...VERSIONS),
      client: fc.constantFrom('upgrade' as const, 'nowhere' as const),
      method: fc.constant('GET'),
      fates: fc.constantFrom<Fate[]>('switch', 'missing', 'reset', 'silence').map((fate) => [fate]),
    }),
  },
);

/** The bytes of a request. */
function bytesOf({ to, client, method, fates }: Plan, id: string): string {
  const target = client === 'nowhere' ? '/elsewhere' : `/test/${id}`;
  const head = [`${method} ${target} HTTP/1.1`, 'Host: a', `X-To: ${to}`, `X-Id: ${id}`, `X-Fates: ${fates.join(',')}`];
  if (client === 'upgrade') return [...head, 'Connection: Upgrade', 'Upgrade: chat/2', '', ''].join('\r\n');
  const fields = [...head, 'Connection: close'];
  if (client === 'badChunk')
    return [...fields, 'X-Half: 1', 'Transfer-Encoding: chunked', '', '2\r\nok\r\n'].join('\r\n');
  if (client === 'half') return [...fields, 'X-Half: 1', 'Content-Length: 4', '', 'bo'].join('\r\n');
  if (method === 'POST' || method === 'PUT') return [...fields, 'Content-Length: 4', '', 'body'].join('\r\n');
  return [...fields, '', ''].join('\r\n');
}

/** A plane under a mix of requests, and what their clients have seen. */
class Mix {
  readonly plane: TestPlane;
  readonly #t: Test;
  readonly #file: string;
  readonly #log: AccessLog;
  readonly #upstreams: FatedUpstreams;
  /** By the status that the client got; 499: it left before. */
  readonly seen: Counts = {};
  #sent = 0;
  #leaving = 0;
  #left = 0;

  constructor(t: Test, upstreams: FatedUpstreams, file: string) {
    this.#t = t;
    this.#file = file;
    this.#upstreams = upstreams;
    upstreams.heads.clear();
    this.#log = new AccessLog({ destination: file });
    const limits = { requestsPerEndpoint: 3, pending: 2 };
    this.plane = new TestPlane(testSettings({ limits, accessLog: true }), undefined, undefined, this.#log);
  }

  async play(plans: readonly Plan[], dead: number, churn: boolean): Promise<void> {
    const { plane } = this;
    const [one = 0, two = 0, three = 0] = this.#upstreams.ports;
    const versions: Record<string, StaticVersion> = {
      stable: { ports: [one, two], fallback: ['canary'] },
      canary: { ports: [three], fallback: ['stable'] },
      dead: { ports: [dead], fallback: ['stable'] },
      empty: { fallback: ['canary', 'stable'] },
      lone: {},
    };
    const { table, endpoints } = staticTable(versions, '/test');
    plane.apply(table, endpoints);
    await plane.listen('127.0.0.1');
    this.#leaving = plans.filter(({ client }) => client === 'leaves').length;
    const playing = new Set(plans);
    const played = plans.map((one, index) => this.#request(one, String(index)).finally(() => playing.delete(one)));
    await plane.until(
      () => this.#left === this.#leaving && this.counted()['499'] === this.seen['499'],
      'those who leave',
    );
    if (churn) {
      plane.plane.applyEndpoints({ 'static/test/canary': [] });
      for (let i = 0; i < 5; i += 1) await turn();
      // The same versions in other shares: what is under way keeps its decision.
      plane.apply(staticTable({ ...versions, canary: { ports: [three], weight: 1 } }, '/test').table, endpoints);
    }
    while (playing.size > 0) {
      for (let i = 0; i < 5; i += 1) await turn();
      plane.pass(500);
    }
    await Promise.all(played);
    plane.plane.destroy();
    await plane.until(() => plane.connections() === 0, 'the connections to close');
  }

  async #request(one: Plan, id: string): Promise<void> {
    const client = await rawClient(this.#t, this.plane.port);
    client.send(bytesOf(one, id));
    this.#sent += 1;
    if (one.client === 'leaves') return await this.#leave(client);
    if (one.client === 'half' || one.client === 'badChunk') {
      await this.#arrived();
      for (let i = 0; i < 10; i += 1) await turn();
      if (one.client === 'half') client.socket.end();
      else client.send('zz\r\n');
    }
    this.#put(await finalStatus(client));
    await client.until(() => client.ended || client.closed, 'the end of the answer');
    client.socket.destroy();
  }

  /** Unless it has been answered already: its version was full. */
  async #leave(client: RawPeer): Promise<void> {
    await this.#arrived();
    for (let i = 0; i < 10; i += 1) await turn();
    if (client.text().includes('server: headgate')) this.#put(await finalStatus(client));
    else {
      client.reset();
      this.#put(499);
    }
    this.#left += 1;
  }

  /** Every head that was sent has been read: it is in flight, or counted. */
  async #arrived(): Promise<void> {
    const read = (): number => this.plane.inFlight() + total(this.counted());
    await this.plane.until(() => read() === this.#sent, 'the requests to be read');
  }

  #put(status: number): void {
    this.seen[status] = (this.seen[status] ?? 0) + 1;
  }

  /** `requests_total` over all versions and none, by status. */
  counted(): Counts {
    const counts: Counts = {};
    for (const version of [...VERSIONS, null]) {
      for (const [status, n] of Object.entries(this.plane.statuses(version)))
        counts[status] = (counts[status] ?? 0) + n;
    }
    return counts;
  }

  /** The lines of the access log. */
  async lines(): Promise<Record<string, string | number>[]> {
    await this.#log.flush();
    const text = await readFile(this.#file, 'utf8');
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  }

  /** Heads of requests that have reached an upstream. */
  heads(): number {
    return total(Object.fromEntries(this.#upstreams.heads));
  }
}

/** The status of the answer that is not 1xx, or of a 101; the rest of it may never come. */
async function finalStatus(client: RawPeer): Promise<number> {
  for (;;) {
    const head = await client.readThrough('\r\n\r\n');
    const status = Number(head.slice(9, 12));
    if (status === 101 || status >= 200) return status;
  }
}

function total(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** The sum of these keys. */
function some(counts: Counts, keys: readonly string[]): number {
  return keys.reduce((sum, key) => sum + (counts[key] ?? 0), 0);
}

/** What of the access log shows nothing of a version: its client's doing ended the request before the head of an answer. */
function isUnseen(line: Record<string, string | number>): boolean {
  if (line['version'] === '') return false;
  if (line['status'] === 499) return line['bytes_out'] === 0;
  const { reason } = line;
  return (reason === 'request_truncated' || reason === 'bad_chunk_size') && line['status'] === 400;
}

t.test('whatever becomes of requests, each is counted once, and each attempt', async (t) => {
  const upstreams = await fatedUpstreams(t, 3);
  const dead = await deadPort();
  const folder = t.testdir();
  let run = 0;
  const all: Counts = {};
  const property = fc.asyncProperty(
    fc.array(plan, { minLength: 1, maxLength: 24 }),
    fc.boolean(),
    async (plans, churn) => {
      const mix = new Mix(t, upstreams, join(folder, `${run++}.log`));
      await mix.play(plans, dead, churn);
      const { plane } = mix;
      t.equal(plane.inFlight(), 0, 'nothing is in flight');
      t.same(mix.counted(), mix.seen, 'requests are what clients have seen');
      const lines = await mix.lines();
      t.equal(lines.length, plans.length, 'and lines of the access log');

      const sums = { asked: 0, refused: 0, rejected: 0, requests: 0, retries: 0, failures: 0 };
      for (const version of VERSIONS) {
        const { ok = 0, error = 0, connect_failed = 0, timeout = 0, reset = 0, refused = 0 } = plane.attempts(version);
        const failures = plane.failures(version);
        t.equal(connect_failed, some(failures, ['connect_refused', 'connect_timeout', 'connect_error', 'tls_error']));
        t.equal(timeout, some(failures, ['response_timeout', 'idle_timeout']));
        t.equal(reset, some(failures, ['reset', 'truncated']));
        t.ok(error >= some(failures, ['bad_response']));
        sums.asked += ok + error + connect_failed + timeout + reset;
        sums.refused += refused;
        sums.rejected += total(plane.rejections(version));
        sums.requests += total(plane.statuses(version));
        sums.retries += total(plane.retries(version));
        for (const [outcome, n] of Object.entries(plane.attempts(version))) all[outcome] = (all[outcome] ?? 0) + n;
      }
      const unseen = lines.filter(isUnseen).length;
      const unanswered = lines.filter(({ reason }) => reason === 'no_endpoints').length;
      t.equal(sums.asked + sums.rejected + unanswered, sums.requests - unseen + sums.retries, 'attempts but refused');
      const fallbacks = total(plane.fallbacks());
      const fellIn = sums.refused - sums.rejected - unanswered;
      t.ok(
        fellIn >= 0 && fellIn <= fallbacks && fallbacks <= fellIn + sums.retries,
        `${fellIn} of ${fallbacks} fallbacks`,
      );
    },
  );
  await fc.assert(property, { seed: 6, numRuns: 40 });
  for (const outcome of ATTEMPT_OUTCOMES) t.ok(Number(all[outcome]) > 20, `${outcome}: ${all[outcome]}`);
});
