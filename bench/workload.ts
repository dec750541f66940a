/** How much CPU Headgate may take beside another: the median of the ratios within the rounds. */
export interface RatioTarget {
  /** Name of the peer. */
  readonly against: string;
  readonly atMost: number;
}

/** What clients send, and what they get. */
export interface Workload {
  /** What `--workloads` takes. */
  readonly name: string;
  readonly title: string;
  readonly method: 'GET' | 'POST';
  /** Fields besides Host and, with a body, Content-Length. */
  readonly fields: Readonly<Record<string, string>>;
  /** Bytes of the request's body. */
  readonly sent: number;
  /** Bytes of the answer's body; one of ANSWER_BYTES. */
  readonly answer: number;
  /** Requests that a connection sends at once. */
  readonly pipelined: number;
  readonly tls: boolean;
  /** Connections that the load is on. */
  readonly connections: number;
  /** Connections that stand idle beside them, each having made one request. */
  readonly idle: number;
  readonly targets: readonly RatioTarget[];
}

export const SMALL = 121;
export const MEDIUM = 16_384;
export const LARGE = 1_048_576;

/** Sizes that the upstream has answers of. */
export const ANSWER_BYTES: readonly number[] = [SMALL, MEDIUM, LARGE];

/** The path of an answer. */
export function answerPath(bytes: number): string {
  return `/${bytes}.txt`;
}

/** A body of so many bytes, no two lines of which are the same: one that is cut, doubled or mixed up shows. */
export function bodyOf(bytes: number): string {
  const lines = Array.from({ length: Math.ceil(bytes / 16) }, (_, line) => `${String(line).padStart(15, 'x')}\n`);
  return lines.join('').slice(0, bytes);
}

/** Size of a request's head in bytes. */
export function headBytes({ method, fields, sent, answer }: Workload): number {
  const length = sent === 0 ? {} : { 'Content-Length': String(sent) };
  const all = Object.entries({ Host: '127.0.0.1:10000', ...fields, ...length });
  const lines = [`${method} ${answerPath(answer)} HTTP/1.1`, ...all.map(([name, value]) => `${name}: ${value}`)];
  return lines.join('\r\n').length + '\r\n\r\n'.length;
}
