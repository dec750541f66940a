/** A time in which a Pod could take requests. A Pod that crashed and came back has several. Epoch milliseconds. */
export interface UsableInterval {
  readonly pod: string;
  readonly hash: string;
  /** When the API server accepted the write that made it usable. */
  readonly usableFrom: number;
  /** When the API server accepted the write that made it unusable (deletionTimestamp, not Ready); null: it still is usable. */
  readonly unusableAt: number | null;
}
