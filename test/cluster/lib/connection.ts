import type { Readable } from 'node:stream';
import { Agent, request } from 'undici';
import { ApiError } from './api-error.ts';

export interface ClusterAddress {
  /** `https://host:port` of the API server. */
  readonly server: string;
  /** PEM. */
  readonly ca: string;
  readonly token: string;
}

/** An API server behind a Unix socket, where `kubectl proxy` shows the credentials. */
export interface ProxiedAddress {
  readonly socket: string;
}

/** HTTP to one API server with the same credentials for all. */
export class Connection {
  readonly #server: string;
  readonly #credentials: Readonly<Record<string, string>>;
  readonly #agent: Agent;

  constructor(address: ClusterAddress | ProxiedAddress) {
    const proxied = 'socket' in address;
    this.#server = proxied ? 'http://localhost' : address.server;
    this.#credentials = proxied ? {} : { authorization: `Bearer ${address.token}` };
    const connect = proxied ? { socketPath: address.socket } : { ca: address.ca };
    // Watches sit on their connections for minutes without a byte.
    this.#agent = new Agent({ connect: { ...connect, timeout: 5_000 }, bodyTimeout: 0, headersTimeout: 30_000 });
  }

  /** @throws ApiError when the status is not 2xx, whatever undici throws when there is no answer */
  async json(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<unknown> {
    const response = await this.#request(method, path, body, contentType);
    const text = await response.body.text();
    if (response.statusCode >= 300)
      throw new ApiError(response.statusCode, complaint(method, path, response.statusCode, text));
    return text.startsWith('{') ? JSON.parse(text) : text;
  }

  /** The body as it comes. @throws like `json` */
  async stream(path: string, signal: AbortSignal): Promise<Readable> {
    const response = await this.#request('GET', path, undefined, 'application/json', signal);
    if (response.statusCode < 300) return response.body;
    const text = await response.body.text();
    throw new ApiError(response.statusCode, complaint('GET', path, response.statusCode, text));
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #request(method: string, path: string, body: unknown, contentType: string, signal?: AbortSignal) {
    return request(`${this.#server}${path}`, {
      method,
      dispatcher: this.#agent,
      headers: {
        ...this.#credentials,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  }
}

function complaint(method: string, path: string, status: number, text: string): string {
  let message = text.slice(0, 300);
  try {
    message = JSON.parse(text).message ?? message;
  } catch {
    // Not the API's Status: the text itself.
  }
  return `${method} ${path}: ${status}: ${message}`;
}
