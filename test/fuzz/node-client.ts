import { type IncomingMessage, request } from 'node:http';
import { Duplex } from 'node:stream';

export interface NodeResponse {
  readonly status: number;
  readonly reason: string;
  /** Names in lower case, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** What node:http's client in strict mode, which is llhttp, makes of these bytes. Rejects where they are no complete response. */
export async function nodeReads(bytes: Buffer, method: string): Promise<NodeResponse> {
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const wire = new Duplex({
      read() {},
      write(_chunk, _encoding, done) {
        done();
      },
    });
    const sent = request({ method, host: 'a', path: '/', createConnection: () => wire });
    sent.on('response', resolve);
    sent.on('error', reject);
    sent.end();
    wire.push(bytes);
    wire.push(null);
  });
  const chunks: Buffer[] = [];
  for await (const chunk of message) if (chunk instanceof Buffer) chunks.push(chunk);
  if (!message.complete) throw new Error('incomplete');
  const { statusCode = 0, statusMessage = '', rawHeaders } = message;
  const fields: [string, string][] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    fields.push([(rawHeaders[i] ?? '').toLowerCase(), rawHeaders[i + 1] ?? '']);
  }
  return { status: statusCode, reason: statusMessage, fields, body: Buffer.concat(chunks).toString('latin1') };
}
