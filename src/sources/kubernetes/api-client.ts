import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { nodeHttp } from '../../common/node-builtins.ts';
import type { Access } from './access.ts';
import { ApiError } from './api-error.ts';
import { CredentialsError } from './credentials-error.ts';

/** A message of the API server's about an error is short; nothing else is read to its end. */
const LONGEST_ERROR = 64 * 1024;
/** Of TCP: a peer that is gone without a word is noticed although the watch has nothing to say. */
const PROBE_MS = 15_000;

export interface OpenOptions {
  readonly signal: AbortSignal;
  /** From the start to the end of the response's head; credentials have as long before it. */
  readonly headMs: number;
  /** Between two chunks of the body. */
  readonly silenceMs: number;
}

/** The body of a response that the server is sending. It has to be iterated; leaving the loop closes the connection. */
export interface Body extends AsyncIterable<Buffer> {
  /** From the next chunk on, no longer silence than this is borne. */
  bearSilence(ms: number): void;
}

/*
 * Requests are made with node:https, not with the Watch and Informer of @kubernetes/client-node, which keep to what they
 * promise but not to what is needed here. Watch drops an event that it cannot parse without a word, and with it the state
 * of the object; it throws away the body and Retry-After of an error, so that nobody learns which permission is missing; it
 * opens a connection pool for each watch and closes none. Informer ends for good at the first error, lists without pages,
 * and keeps every object whole. Importing the generated API costs 0.4 s and 85 MB.
 */

/** GET from the API server, with credentials that are read for each request. */
export class ApiClient {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  /** Where it is, for people: without a password that its URL may hold. */
  get server(): string {
    return this.#access.server.replace(/\/\/[^/]*@/, '//');
  }

  /** Credentials are read anew, not only when they expire. */
  renewCredentials(): void {
    this.#access.renew();
  }

  /**
   * @throws ApiError at any answer but 200; CredentialsError; what the socket throws
   */
  async open(path: string, query: Readonly<Record<string, string>>, options: OpenOptions): Promise<Body> {
    const { headMs, silenceMs, signal } = options;
    const late = () => new CredentialsError(`they have not come within ${headMs} ms`);
    const credentials = await inTime(this.#access.credentials(), signal, headMs, late);
    // It can have been stopped between the two.
    signal.throwIfAborted();
    const url = new URL(`${this.#access.server}${path}?${new URLSearchParams(query).toString()}`);
    const request = (url.protocol === 'http:' ? nodeHttp().request : requestHttps)(url, {
      // Node's own agent would keep the connection for later.
      agent: false,
      ...credentials,
      headers: { 'user-agent': 'headgate', accept: 'application/json', ...credentials.headers },
    });
    const abort = () => request.destroy(stopped());
    signal.addEventListener('abort', abort);
    request.on('close', () => signal.removeEventListener('abort', abort));
    request.on('socket', (socket) => socket.setKeepAlive(true, PROBE_MS));
    try {
      const response = await inTime(head(request), signal, headMs, () => new Error(`no answer within ${headMs} ms`));
      if (response.statusCode === 200) return bodyOf(response, silenceMs);
      throw await errorOf(response, headMs);
    } catch (error) {
      request.destroy();
      throw error;
    }
  }
}

const stopped = () => new DOMException('stopped', 'AbortError');

/**
 * A plugin that gives credentials may never come back, and a request that waits for its proxy does not say so when it is
 * destroyed: neither stopping nor telling of it waits for them.
 */
async function inTime<T>(wanted: Promise<T>, signal: AbortSignal, limitMs: number, error: () => Error): Promise<T> {
  const { promise: end, reject } = Promise.withResolvers<never>();
  const abort = () => reject(stopped());
  const timer = setTimeout(() => reject(error()), limitMs);
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([wanted, end]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

function head(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', resolve);
    // Stays for the life of the request: a connection can break after the head too, which the body's reader is told.
    request.on('error', reject);
    // An answer that is none for node:http, a 101 that nobody asked for, ends without a word.
    request.on('close', () => reject(new Error('the connection was closed without an answer')));
    request.end();
  });
}

function bodyOf(response: IncomingMessage, silenceMs: number): Body {
  let limit = silenceMs;
  return {
    bearSilence: (ms) => {
      limit = ms;
    },
    async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
      const tooSilent = () => response.destroy(new Error(`no byte for ${limit} ms`));
      let timer = setTimeout(tooSilent, limit);
      try {
        for await (const chunk of response) {
          clearTimeout(timer);
          yield chunk;
          timer = setTimeout(tooSilent, limit);
        }
      } finally {
        clearTimeout(timer);
        response.destroy();
      }
    },
  };
}

async function errorOf(response: IncomingMessage, limitMs: number): Promise<ApiError> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of bodyOf(response, limitMs)) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > LONGEST_ERROR) break;
    }
  } catch {
    // The status alone says enough.
  }
  const retryAfter = Number(response.headers['retry-after'] ?? 0);
  return new ApiError(
    response.statusCode ?? 0,
    parsed(Buffer.concat(chunks).toString('utf8')),
    Number.isFinite(retryAfter) ? retryAfter * 1000 : 0,
  );
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return null;
  }
}
