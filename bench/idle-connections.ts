import { connect, type Socket } from 'node:net';
import { requestText } from './request-text.ts';
import { bodyOf, SMALL } from './workload.ts';

/** So many are opened at once: less than any peer's queue of connections to be accepted. */
const AT_ONCE = 32;

/** Connections to a peer that have made one request each, and then only stand. */
export class IdleConnections {
  readonly #sockets: Socket[] = [];
  #closed = 0;

  private constructor() {}

  /** @throws when a connection is not answered. */
  static async open(port: number, count: number): Promise<IdleConnections> {
    const connections = new IdleConnections();
    for (let opened = 0; opened < count; opened += AT_ONCE) {
      const batch = Array.from({ length: Math.min(AT_ONCE, count - opened) }, () => connections.#add(port));
      await Promise.all(batch);
    }
    return connections;
  }

  /** How many the other side has closed. */
  get closed(): number {
    return this.#closed;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #add(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(requestText(port)));
      let answer = '';
      socket.setEncoding('latin1').on('data', (text: string) => {
        answer += text;
        if (answer.endsWith(bodyOf(SMALL))) resolve();
      });
      socket.once('error', reject);
      socket.once('end', () => {
        this.#closed += 1;
        reject(new Error(`an idle connection was closed after: ${answer}`));
      });
      this.#sockets.push(socket);
    });
  }
}
