import { once } from 'node:events';
import { createServer } from 'node:net';

const HOST = '127.0.0.1';

/**
 * One line that names every port that cannot be had and the options that choose others; null: they can all be had.
 * @param ports by option; 0 is any free one.
 */
export async function portComplaint(ports: Readonly<Record<string, number>>): Promise<string | null> {
  const complaints: string[] = [];
  const options: string[] = [];
  for (const [option, port] of Object.entries(ports)) {
    const reason = port === 0 ? null : await unavailable(port);
    if (reason === null) continue;
    complaints.push(`${HOST}:${port} ${reason}`);
    options.push(option);
  }
  if (options.length === 0) return null;
  const remedy = options.length === 1 ? 'another port' : 'other ports';
  return `${complaints.join(', ')}: choose ${remedy} with ${options.join(' and ')}`;
}

async function unavailable(port: number): Promise<string | null> {
  const probe = createServer();
  try {
    probe.listen({ host: HOST, port, exclusive: true });
    await once(probe, 'listening');
    return null;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return code === 'EADDRINUSE' ? 'is in use' : `cannot be had (${code})`;
  } finally {
    probe.close();
  }
}
