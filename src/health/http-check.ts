import { isIP } from 'node:net';
import { buildConnector, Client } from 'undici';
import { errorText } from '../common/error-text.ts';
import { formatDuration } from '../common/format-duration.ts';
import { hostPort } from '../common/host-port.ts';
import type { Endpoint, HealthCheck, UpstreamTls } from '../routing/table.ts';

const MAX_HEADER_BYTES = 16_384;

/**
 * Asks an endpoint once, on a connection of its own: whether it takes new ones is half of the question.
 * @param tls null: without
 * @param stop ends the check at once
 * @returns null: it is well. Otherwise one line that says why not
 */
export async function httpCheck(
  endpoint: Endpoint,
  check: HealthCheck,
  tls: UpstreamTls | null,
  stop: AbortSignal,
): Promise<string | null> {
  const late = AbortSignal.timeout(check.timeout);
  let client: Client | null = null;
  try {
    client = clientFor(endpoint, check, tls);
    const { statusCode, body } = await client.request({
      path: check.path,
      method: 'GET',
      headers: { host: check.host ?? hostPort(endpoint.host, endpoint.port), 'user-agent': 'headgate-health-check' },
      signal: AbortSignal.any([stop, late]),
    });
    // Nobody reads it: it ends with its connection.
    body.on('error', () => {});
    const [least, most] = check.statuses;
    return statusCode >= least && statusCode <= most ? null : `status ${statusCode}`;
  } catch (error) {
    if (late.aborted) return `no answer within ${formatDuration(check.timeout)}`;
    const coded = error instanceof Error && 'code' in error && typeof error.code === 'string';
    return coded ? String(error.code) : errorText(error);
  } finally {
    await client?.destroy();
  }
}

/** @throws TypeError where the endpoint's host can stand in no URL: `node.1` */
function clientFor(endpoint: Endpoint, check: HealthCheck, tls: UpstreamTls | null): Client {
  return new Client(`${tls === null ? 'http' : 'https'}://${hostPort(endpoint.host, endpoint.port)}`, {
    pipelining: 0,
    // Requests come by HTTP/1.1.
    allowH2: false,
    maxHeaderSize: MAX_HEADER_BYTES,
    connect: tls === null ? { timeout: check.timeout } : tlsConnector(endpoint, check, tls),
  });
}

/** As requests go: undici by itself would ask for the certificate of the Host field. */
function tlsConnector({ host }: Endpoint, { timeout }: HealthCheck, tls: UpstreamTls): buildConnector.connector {
  const { ca, serverName, verify } = tls;
  const connect = buildConnector({ timeout, rejectUnauthorized: verify, allowH2: false, ...(ca !== null && { ca }) });
  const servername = serverName ?? (isIP(host) === 0 ? host : '');
  return (options, callback) => connect({ ...options, servername }, callback);
}
