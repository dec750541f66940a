import { BROWSER_FIELDS } from './fields.ts';
import { answerPath, SMALL } from './workload.ts';

/** A whole request of the smallest workload, as a browser would send it. */
export function requestText(port: number): string {
  const fields = Object.entries({ Host: `127.0.0.1:${port}`, ...BROWSER_FIELDS });
  const lines = [`GET ${answerPath(SMALL)} HTTP/1.1`, ...fields.map(([name, value]) => `${name}: ${value}`)];
  return `${lines.join('\r\n')}\r\n\r\n`;
}
