import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import type { Peer } from './peers.ts';
import { type BenchVersion, BODY, BROWSER_FIELDS, CANARY_PERCENT, HEADER_ROUTES, PROOF_PATH } from './workload.ts';

const WEIGHTED_REQUESTS = 1_000;
const HEADER_REQUESTS = 100;
const CLIENT_CONNECTIONS = 8;
/** Four standard deviations of 1,000 blind draws at 10% (9.5 each), in percent. */
const SPLIT_TOLERANCE = 3.8;

interface Seen {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * Proves that a peer does the work: 1,000 requests are split as they should be over both endpoints of each version,
 * each header reaches its version, every request carries X-Forwarded-For, and upstream connections are used again.
 * @returns one line that says what was seen. @throws Error naming what the peer does not do.
 */
export async function prove(peer: Peer, versions: readonly BenchVersion[]): Promise<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENT_CONNECTIONS });
  try {
    const weighted = await send(peer, agent, WEIGHTED_REQUESTS, {});
    const all = [...weighted];
    for (const { header, value, to } of HEADER_ROUTES) {
      const seen = await send(peer, agent, HEADER_REQUESTS, { [header]: value });
      const strays = seen.filter((answer) => versionOf(answer, versions) !== to).length;
      if (strays > 0) throw unfit(peer, `${strays} of ${seen.length} requests with ${header} did not reach ${to}`);
      all.push(...seen);
    }
    checkAnswers(peer, all);
    const canary = weighted.filter((answer) => versionOf(answer, versions) === 'canary').length;
    const stable = weighted.filter((answer) => versionOf(answer, versions) === 'stable').length;
    const percent = (100 * canary) / WEIGHTED_REQUESTS;
    if (canary + stable !== WEIGHTED_REQUESTS || Math.abs(percent - CANARY_PERCENT) > SPLIT_TOLERANCE) {
      throw unfit(peer, `of ${WEIGHTED_REQUESTS} requests ${stable} reached stable and ${canary} canary`);
    }
    for (const port of versions.flatMap(({ ports }) => ports)) {
      if (!all.some((answer) => portOf(answer) === port)) throw unfit(peer, `an endpoint (${port}) got no request`);
    }
    const opened = all.filter(({ headers }) => headers['proof-connection-requests'] === '1').length;
    if (opened > all.length / 10) throw unfit(peer, `${all.length} requests took ${opened} upstream connections`);
    return `${stable} stable, ${canary} canary; both headers lead; X-Forwarded-For; ${opened} upstream connections`;
  } finally {
    agent.destroy();
  }
}

function checkAnswers(peer: Peer, answers: readonly Seen[]): void {
  const wrong = answers.filter(({ status, body }) => status !== 200 || body !== BODY).length;
  if (wrong > 0) throw unfit(peer, `${wrong} of ${answers.length} answers are not the upstream's`);
  const unnamed = answers.filter(({ headers }) => headers['proof-forwarded-for'] !== '127.0.0.1').length;
  if (unnamed > 0) throw unfit(peer, `${unnamed} of ${answers.length} requests arrived without X-Forwarded-For`);
}

/** Sends `count` requests over the agent's connections. */
async function send(
  peer: Peer,
  agent: Agent,
  count: number,
  headers: Readonly<Record<string, string>>,
): Promise<readonly Seen[]> {
  return await Promise.all(Array.from({ length: count }, () => sendOne(peer, agent, headers)));
}

function sendOne(peer: Peer, agent: Agent, headers: Readonly<Record<string, string>>): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: peer.port, path: PROOF_PATH, agent };
    const sent = request({ ...options, headers: { ...BROWSER_FIELDS, ...headers } }, (response) => {
      let body = '';
      response.setEncoding('latin1').on('data', (text: string) => {
        body += text;
      });
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.once('error', reject);
    sent.end();
  });
}

function portOf({ headers }: Seen): number {
  return Number(headers['proof-port']);
}

function versionOf(answer: Seen, versions: readonly BenchVersion[]): string {
  return versions.find(({ ports }) => ports.includes(portOf(answer)))?.name ?? 'nobody';
}

function unfit(peer: Peer, what: string): Error {
  return new Error(`${peer.name} does not do the work: ${what}`);
}
