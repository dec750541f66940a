import { get } from 'node:http';

const TIMEOUT_MS = 3_000;

/** The field of the answer to a GET of `/`; null when nobody answers within 3 s. */
export function httpHeader(host: string, port: number, field: string): Promise<string | null> {
  return new Promise((resolve) => {
    const request = get({ host, port, agent: false, timeout: TIMEOUT_MS }, (response) => {
      response.resume();
      const value = response.headers[field];
      resolve(typeof value === 'string' ? value : null);
    });
    request.once('error', () => resolve(null));
    request.once('timeout', () => request.destroy());
  });
}
