import { connect, type Socket } from 'node:net';
import { requestText } from '../request-text.ts';
import { SMALL } from '../workload.ts';

const READ_BYTES = 65_536;
/** One for all connections: an answer is looked at before the next read. */
const INPUT = Buffer.alloc(READ_BYTES);
const HEAD_END = Buffer.from('\r\n\r\n');
/** Where the first digit of the status is. */
const STATUS_AT = 'HTTP/1.1 '.length;
const SUCCESS = '2'.charCodeAt(0);

/**
 * One client connection with at most one request on its way, a GET of the small answer. It allocates little, so that its
 * process has few pauses of its own.
 */
export class Connection {
  /** Resolves when the connection is there. */
  readonly opened: Promise<void>;
  readonly #socket: Socket;
  readonly #request: Uint8Array;
  readonly #onAnswer: () => void;
  /** Bytes of the answer that are still to come; -1 before its head, 0 when nothing is waited for. */
  #missing = 0;

  /** @param onAnswer called when the whole answer is there. Any other end of a request ends the process, with its reason. */
  constructor(port: number, onAnswer: () => void) {
    this.#request = Buffer.from(requestText(port));
    this.#onAnswer = onAnswer;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.opened = promise;
    this.#socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: { buffer: INPUT, callback: (bytes) => this.#read(bytes) },
    });
    this.#socket.once('connect', resolve);
    this.#socket.once('error', (error) => fail(`port ${port}: ${error.message}`));
    this.#socket.once('end', () => fail(`port ${port} closed the connection`));
  }

  /** Whether an answer is still to come. */
  get waiting(): boolean {
    return this.#missing !== 0;
  }

  send(): void {
    this.#missing = -1;
    this.#socket.write(this.#request);
  }

  /** Only of a connection that waits for nothing. */
  close(): void {
    this.#socket.removeAllListeners('end').end();
  }

  #read(bytes: number): boolean {
    if (this.#missing < 0) this.#missing = SMALL + headBytes(bytes);
    this.#missing -= bytes;
    if (this.#missing < 0) fail('more came than the answer');
    if (this.#missing === 0) this.#onAnswer();
    return true;
  }
}

/** Length of the answer's head; it comes in one piece, as it is small. */
function headBytes(bytes: number): number {
  const end = INPUT.indexOf(HEAD_END) + HEAD_END.length;
  if (end < HEAD_END.length || end > bytes || INPUT[STATUS_AT] !== SUCCESS) {
    fail(`not a whole head of a good answer: ${INPUT.toString('latin1', 0, bytes)}`);
  }
  return end;
}

function fail(reason: string): never {
  console.error(reason);
  process.exit(1);
}
