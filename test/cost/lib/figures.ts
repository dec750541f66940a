/** What a worker's isolate says of itself. */
export interface Figures {
  /** Bytes allocated on its heap since it began. */
  readonly allocated: number;
  /** Bytes in use on its heap. */
  readonly used: number;
  /** Collections of the young generation since it began. */
  readonly scavenges: number;
}
