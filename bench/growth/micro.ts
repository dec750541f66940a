import { COMPLETE } from '../../src/http1/parse-status.ts';
import { RequestHead } from '../../src/http1/request-head.ts';
import { DataPlane } from '../../src/proxy/data-plane.ts';
import type { LiveVersion } from '../../src/proxy/live-version.ts';
import { ProxyLog } from '../../src/proxy/proxy-log.ts';
import { Decision } from '../../src/routing/match.ts';
import { SeriesRegistry } from '../../src/telemetry/counters.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { enterFlight, leaveFlight, recordAnswer, recordOutcome } from '../../src/telemetry/record.ts';
import { testSettings } from '../../test/lib/test-settings.ts';
import { BROWSER_FIELDS } from '../fields.ts';
import { addressOf, EXPERIMENT_HEADER, grown, type Shape, tokenOf } from './shape.ts';

/** Requests for so many routes at most: enough that no cache of the processor holds what all of them need. */
const HEADS = 1_000;
const PORT = 8080;

interface Request {
  readonly head: RequestHead;
  readonly bytes: Buffer;
}

/** What a request costs between its head and its socket, as the table grows: the real data plane, without a socket. */
export class Micro {
  readonly #plane: DataPlane;
  readonly #requests: readonly Request[];
  readonly #decision = new Decision<LiveVersion>();

  /** @param busy how many of the routes get requests, in turn: the last ones */
  constructor(shape: Shape, busy: number) {
    const registry = new SeriesRegistry({ workers: 1, now: () => 0 });
    const log = new ProxyLog(createLogger({ level: 'silent' }), null);
    const { table, endpoints } = grown(shape, PORT);
    const [initial] = registry.update({ routes: [] });
    const [counters] = registry.update(table);
    if (initial === undefined || counters === undefined) throw new Error('no counters');
    this.#plane = new DataPlane(testSettings(), initial, log);
    this.#plane.applyEndpoints(endpoints);
    this.#plane.applyTable(table, counters, 1);
    const { routes = 1 } = shape;
    this.#requests = Array.from({ length: Math.min(busy, HEADS) }, (_, n) => requestFor(routes - 1 - n, shape));
  }

  /** Nanoseconds a request. */
  sample(count: number): number {
    const began = process.hrtime.bigint();
    this.#run(count);
    return Number(process.hrtime.bigint() - began) / count;
  }

  /** Decides, picks an endpoint, takes it and gives it back, counts: what an exchange does for a request that is answered. */
  #run(count: number): void {
    const plane = this.#plane;
    const decision = this.#decision;
    const requests = this.#requests;
    let next = 0;
    for (let i = 0; i < count; i += 1) {
      const request = requests[next];
      next = next + 1 < requests.length ? next + 1 : 0;
      if (request === undefined) throw new Error('no request');
      plane.view.show(request.head, request.bytes);
      plane.matcher.decide(plane.view, decision);
      const live = decision.served?.live;
      const endpoint = live?.pool.pick(null);
      if (live === undefined || endpoint === undefined || endpoint === null) throw new Error('nobody answers');
      live.pool.budget.requests += 1;
      enterFlight(live.counters);
      endpoint.active += 1;
      endpoint.active -= 1;
      recordAnswer(live.counters, 200);
      leaveFlight(live.counters);
      recordOutcome(live.counters, 200, 1);
    }
  }
}

function requestFor(route: number, shape: Shape): Request {
  const { host, target } = addressOf(route, shape);
  const fields = Object.entries(BROWSER_FIELDS).map(([name, value]) => `${name}: ${value}`);
  const { tokens = 0 } = shape;
  if (tokens > 0) fields.push(`${EXPERIMENT_HEADER}: ${tokenOf(tokens)}`);
  const bytes = Buffer.from([`GET ${target} HTTP/1.1`, `Host: ${host}`, ...fields, '', ''].join('\r\n'), 'latin1');
  const head = new RequestHead(testSettings().limits);
  head.reset();
  if (head.parse(bytes, 0, bytes.length) !== COMPLETE) throw new Error(head.reason);
  return { head, bytes };
}
