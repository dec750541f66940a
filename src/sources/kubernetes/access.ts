import type { OutgoingHttpHeaders } from 'node:http';
import type { RequestOptions } from 'node:https';

/** What a request shows, and what it expects of the server's certificate. */
export interface Credentials extends Omit<RequestOptions, 'headers'> {
  readonly headers?: OutgoingHttpHeaders;
}

/** Where the API server is and how to be let in. */
export interface Access {
  /** `https://host:port`, perhaps with a path before the API's own; no slash at the end. */
  readonly server: string;

  /**
   * Credentials for one request, read for each: tokens and certificates rotate.
   * @throws CredentialsError when there are none at the moment
   */
  credentials(): Promise<Credentials>;

  /** Forgets what was kept: the server does not accept it any more. */
  renew(): void;
}
