import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { networkInterfaces } from 'node:os';
import { TLSSocket } from 'node:tls';
import type { Certificate } from './certificate.ts';
import type { Peer } from './peers/peer.ts';
import { type BenchVersion, CANARY_PERCENT, HEADER_ROUTES } from './routing.ts';
import { PROOF_PATH } from './upstream.ts';
import { answerPath, bodyOf, SMALL, type Workload } from './workload.ts';

const WEIGHTED_REQUESTS = 1_000;
const HEADER_REQUESTS = 100;
const WHOLE_ANSWERS = 20;
const CLIENT_CONNECTIONS = 8;
/** Four standard deviations of 1,000 blind draws at 10% (9.5 each), in percent. */
const SPLIT_TOLERANCE = 3.8;
/** What OpenSSL's clients ask for first; another cipher would be other work. */
const TLS_TERMS = 'TLSv1.3 TLS_AES_256_GCM_SHA384';

interface Seen {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Protocol and cipher; empty without TLS. */
  readonly tls: string;
}

/** What a proof needs to know besides the peer. */
export interface ProofTerms {
  readonly versions: readonly BenchVersion[];
  readonly workload: Workload;
  readonly certificate: Certificate;
}

/** Sends one request of the workload. */
type Send = (path: string, fields?: Readonly<Record<string, string>>) => Promise<Seen>;

/**
 * Proves that a peer does the work with the workload's own requests: 1,000 of them are split as they should be over both
 * endpoints of each version, each header reaches its version, every request arrives whole and with X-Forwarded-For,
 * upstream connections are used again, and the answers that are timed come whole.
 * @returns one line that says what was seen. @throws Error naming what the peer does not do.
 */
export async function prove(peer: Peer, terms: ProofTerms): Promise<string> {
  const agent = makeAgent(terms);
  try {
    const send: Send = (path, fields = {}) => sendOne(peer, terms.workload, agent, path, fields);
    const routing = peer.routes ? await proveRouting(peer, terms, send) : 'routes nothing; a floor';
    await proveAnswers(peer, terms.workload, send);
    return `${routing}; whole bodies${terms.workload.tls ? `; ${TLS_TERMS}` : ''}`;
  } finally {
    agent.destroy();
  }
}

async function proveRouting(peer: Peer, { versions, workload }: ProofTerms, send: Send): Promise<string> {
  const weighted = await times(WEIGHTED_REQUESTS, () => send(PROOF_PATH));
  const all = [...weighted];
  for (const { header, value, to } of HEADER_ROUTES) {
    const seen = await times(HEADER_REQUESTS, () => send(PROOF_PATH, { [header]: value }));
    const strays = seen.filter((answer) => versionOf(answer, versions) !== to).length;
    if (strays > 0) throw unfit(peer, `${strays} of ${seen.length} requests with ${header} did not reach ${to}`);
    all.push(...seen);
  }
  checkArrived(peer, workload, all);
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
}

/** Looks at what the upstream got. */
function checkArrived(peer: Peer, workload: Workload, answers: readonly Seen[]): void {
  checkWhole(peer, answers, SMALL);
  const hash = createHash('sha256').update(bodyOf(workload.sent)).digest('hex');
  const fields = Object.keys(workload.fields).map((name) => name.toLowerCase());
  for (const { headers } of answers) {
    checkForwarded(peer, workload.fields['X-Forwarded-For'], headers['proof-forwarded-for']);
    if (headers['proof-method'] !== workload.method || headers['proof-body'] !== hash) {
      throw unfit(peer, 'a request arrived with another method or body');
    }
    const arrived = String(headers['proof-fields']).split(' ');
    const missing = fields.filter((name) => !arrived.includes(name));
    if (missing.length > 0) throw unfit(peer, `requests arrived without ${missing.join(', ')}`);
  }
}

/** The client's address must have come behind what was there, as one more member of the list. */
function checkForwarded(peer: Peer, before: string | undefined, arrived: unknown): void {
  const members = String(arrived).split(/\s*,\s*/);
  const added = members.pop() ?? '';
  const machine = Object.values(networkInterfaces()).flatMap((of) => (of ?? []).map(({ address }) => address));
  const addresses = peer.forwardsMachineAddress === true ? machine : ['127.0.0.1'];
  if (members.join(', ') !== (before ?? '') || !addresses.includes(added)) {
    throw unfit(peer, `X-Forwarded-For arrived as ${String(arrived)}, was ${before ?? 'not there'} before`);
  }
}

/** The very requests that are timed. */
async function proveAnswers(peer: Peer, { answer, tls }: Workload, send: Send): Promise<void> {
  const answers = await times(WHOLE_ANSWERS, () => send(answerPath(answer)));
  checkWhole(peer, answers, answer);
  const other = answers.find((seen) => tls && seen.tls !== TLS_TERMS);
  if (other !== undefined) throw unfit(peer, `it speaks ${other.tls} instead of ${TLS_TERMS}`);
}

function checkWhole(peer: Peer, answers: readonly Seen[], bytes: number): void {
  const body = bodyOf(bytes);
  const wrong = answers.filter((seen) => seen.status !== 200 || seen.body !== body).length;
  if (wrong > 0) throw unfit(peer, `${wrong} of ${answers.length} answers are not the upstream's`);
}

function makeAgent({ workload, certificate }: ProofTerms): Agent {
  const options = { keepAlive: true, maxSockets: CLIENT_CONNECTIONS };
  if (!workload.tls) return new Agent(options);
  return new TlsAgent({ ...options, ca: readFileSync(certificate.certificate), servername: 'localhost' });
}

function times(count: number, send: () => Promise<Seen>): Promise<readonly Seen[]> {
  return Promise.all(Array.from({ length: count }, send));
}

function sendOne(
  peer: Peer,
  { method, tls, sent, fields }: Workload,
  agent: Agent,
  path: string,
  added: Readonly<Record<string, string>>,
): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const length = sent === 0 ? {} : { 'Content-Length': String(sent) };
    const headers = { ...fields, ...length, ...added };
    const options: RequestOptions = { host: '127.0.0.1', port: peer.port, method, path, agent, headers };
    const outgoing = (tls ? tlsRequest : request)(options, (response) => {
      const { socket } = response;
      const terms = socket instanceof TLSSocket ? `${socket.getProtocol()} ${socket.getCipher().name}` : '';
      let body = '';
      response.setEncoding('latin1').on('data', (text: string) => {
        body += text;
      });
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body, tls: terms }),
      );
    });
    outgoing.once('error', reject);
    outgoing.end(bodyOf(sent));
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
