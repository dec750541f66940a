import autocannon from 'autocannon';
import { BROWSER_FIELDS } from '../fields.ts';
import { answerPath, bodyOf, SMALL } from '../workload.ts';

/* The load of the quick benchmark, a process of its own so that it has its own core. Arguments: port, connections, seconds. */

/** What it prints, as JSON. */
export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Answers that were not 2xx with the whole body, and connections that failed. */
  readonly wrong: number;
}

const [port = 0, connections = 0, seconds = 0] = process.argv.slice(2).map(Number);

const result = await autocannon({
  url: `http://127.0.0.1:${port}${answerPath(SMALL)}`,
  connections,
  duration: seconds,
  headers: { ...BROWSER_FIELDS },
  expectBody: bodyOf(SMALL),
});
const printed: LoadResult = {
  requests: result.requests.total,
  requestsPerSecond: result.requests.average,
  p50: result.latency.p50,
  p99: result.latency.p99,
  wrong: result.non2xx + result.errors + result.timeouts + result.mismatches,
};
console.log(JSON.stringify(printed));
