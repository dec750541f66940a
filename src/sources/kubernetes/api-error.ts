import { asRecord } from '../../common/records.ts';

/** The API server answered, but not with what it was asked for: a response of another status, or an ERROR event of a watch. */
export class ApiError extends Error {
  readonly status: number;
  /** The reason of the server's Status object (`Forbidden`, `Expired`); '' when it sent none. */
  readonly reason: string;
  /** How long it wants to be left alone; 0: it did not say. */
  readonly retryAfterMs: number;

  /** @param body of the response, or the object of the event: a Status, hopefully */
  constructor(status: number, body: unknown, retryAfterMs: number) {
    const { message, reason, details } = asRecord(body);
    super(typeof message === 'string' ? message : '');
    this.status = status;
    this.reason = typeof reason === 'string' ? reason : '';
    const { retryAfterSeconds } = asRecord(details);
    this.retryAfterMs = Math.max(retryAfterMs, typeof retryAfterSeconds === 'number' ? retryAfterSeconds * 1000 : 0);
  }
}
