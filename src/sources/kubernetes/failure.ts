import { errorText } from '../../common/error-text.ts';
import { ApiError } from './api-error.ts';
import { CredentialsError } from './credentials-error.ts';
import { GarbledError } from './garbled-error.ts';

/** Why a list or a watch came to nothing. */
export interface Failure {
  readonly kind:
    | 'unreachable'
    /** 401. */
    | 'unauthorized'
    /** There are no credentials to show. */
    | 'credentials'
    /** 403: no permission for this kind. */
    | 'forbidden'
    /** 404: the kind is not installed. */
    | 'absent'
    /** 410: the server has forgotten what came after the last version seen. */
    | 'gone'
    /** Any other status. */
    | 'refused'
    /** What came is not what the API sends. */
    | 'garbled';
  /** For people. */
  readonly detail: string;
  readonly retryAfterMs: number;
  /** Whether the next watch may go on where this one ended. If not, everything is listed again. */
  readonly resumable: boolean;
  /** Whether other credentials might help. */
  readonly stale: boolean;
}

const BY_STATUS: Readonly<Record<number, Failure['kind']>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'absent',
  410: 'gone',
};
/** The server is there but overloaded or starting. What it has of the objects' history is not in doubt. */
const BUSY: readonly number[] = [429, 503];

/**
 * A server that starts asks with 503 for five seconds of patience and is there in one; until then the table stands still. Asking
 * every two costs it nothing. What 429 asks for is obeyed (`backoff`): that server is overloaded.
 */
const LONGEST_UNAVAILABLE_MS = 2_000;

const SOCKET_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'its name cannot be resolved',
  EAI_AGAIN: 'its name cannot be resolved at the moment',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'no network',
};

export function failureOf(error: unknown): Failure {
  if (error instanceof ApiError) {
    const { status, reason, message, retryAfterMs } = error;
    const kind = reason === 'Expired' ? 'gone' : (BY_STATUS[status] ?? 'refused');
    const detail = message === '' ? `status ${status}` : `status ${status}: ${message}`;
    return {
      kind,
      detail,
      retryAfterMs: status === 503 ? Math.min(retryAfterMs, LONGEST_UNAVAILABLE_MS) : retryAfterMs,
      resumable: status === 401 || BUSY.includes(status),
      stale: status === 401,
    };
  }
  const text = errorText(error);
  if (error instanceof GarbledError || error instanceof RangeError || error instanceof SyntaxError) {
    return { kind: 'garbled', detail: text, retryAfterMs: 0, resumable: false, stale: false };
  }
  if (error instanceof CredentialsError) {
    return { kind: 'credentials', detail: text, retryAfterMs: 0, resumable: true, stale: true };
  }
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  // Certificates: the server's may have been renewed together with the authority that signs it.
  const stale = /CERT|SIGNED|^ERR_TLS|^ERR_SSL|VERIFY/.test(code);
  return { kind: 'unreachable', detail: SOCKET_ERRORS[code] ?? text, retryAfterMs: 0, resumable: true, stale };
}

/** Only somebody's decision changes it: a permission, or an installation. */
export function isDenial({ kind }: Failure): boolean {
  return kind === 'forbidden' || kind === 'absent';
}
