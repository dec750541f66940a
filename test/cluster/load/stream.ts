/** Requests of one kind that leave at a constant rate. */
export interface Stream {
  readonly name: string;
  /** Requests a second, spread evenly. */
  readonly rate: number;
  /** The `Host` field. */
  readonly host: string;
  /** `/` where it is left out. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The part of the requests, 0 to 1, that are POST: bodies of 0 B to 64 KiB, every third chunked. 0.25 where it is left out. */
  readonly posts?: number;
}
