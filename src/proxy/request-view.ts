import type { RequestHead } from '../http1/request-head.ts';
import type { RequestView } from '../routing/match.ts';

/** Shows an HTTP/1.1 request head to the matcher. One object serves all requests of a worker. */
export class Http1RequestView implements RequestView {
  bytes: Buffer;
  hostStart = -1;
  hostEnd = -1;
  pathStart = 0;
  pathEnd = 0;
  #head: RequestHead;

  constructor(head: RequestHead, bytes: Buffer) {
    this.#head = head;
    this.bytes = bytes;
  }

  show(head: RequestHead, bytes: Buffer): void {
    const base = head.base;
    this.#head = head;
    this.bytes = bytes;
    this.hostStart = head.hostStart < 0 ? -1 : base + head.hostStart;
    this.hostEnd = head.hostStart < 0 ? -1 : base + head.hostEnd;
    this.pathStart = base + head.pathStart;
    this.pathEnd = base + head.queryStart;
  }

  findField(name: Uint8Array, from: number): number {
    return this.#head.fields.find(this.bytes, name, from);
  }

  fieldStart(index: number): number {
    return this.#head.base + (this.#head.fields.positions[4 * index + 2] ?? 0);
  }

  fieldEnd(index: number): number {
    return this.#head.base + (this.#head.fields.positions[4 * index + 3] ?? 0);
  }
}
