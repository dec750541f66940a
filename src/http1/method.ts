import { bytes, equalsBytes } from './bytes.ts';

/** Request methods that have a meaning to a proxy. OTHER is any other token: it is passed on. */
export const Method = {
  OTHER: 0,
  GET: 1,
  HEAD: 2,
  POST: 3,
  PUT: 4,
  DELETE: 5,
  OPTIONS: 6,
  PATCH: 7,
  CONNECT: 8,
  TRACE: 9,
} as const;

const GET = bytes('GET');
const HEAD = bytes('HEAD');
const POST = bytes('POST');
const PUT = bytes('PUT');
const DELETE = bytes('DELETE');
const OPTIONS = bytes('OPTIONS');
const PATCH = bytes('PATCH');
const CONNECT = bytes('CONNECT');
const TRACE = bytes('TRACE');

/** The `Method` that [start, end) names. Methods are case-sensitive (RFC 9110 9.1): `get` is OTHER. */
export function recogniseMethod(buffer: Buffer, start: number, end: number): number {
  switch (end - start) {
    case 3:
      if (equalsBytes(buffer, start, end, GET)) return Method.GET;
      return equalsBytes(buffer, start, end, PUT) ? Method.PUT : Method.OTHER;
    case 4:
      if (equalsBytes(buffer, start, end, POST)) return Method.POST;
      return equalsBytes(buffer, start, end, HEAD) ? Method.HEAD : Method.OTHER;
    case 5:
      if (equalsBytes(buffer, start, end, PATCH)) return Method.PATCH;
      return equalsBytes(buffer, start, end, TRACE) ? Method.TRACE : Method.OTHER;
    case 6:
      return equalsBytes(buffer, start, end, DELETE) ? Method.DELETE : Method.OTHER;
    case 7:
      if (equalsBytes(buffer, start, end, OPTIONS)) return Method.OPTIONS;
      return equalsBytes(buffer, start, end, CONNECT) ? Method.CONNECT : Method.OTHER;
    default:
      return Method.OTHER;
  }
}

/** Whether the client asks for no change of state (RFC 9110 9.2.1). An unknown method is not safe. */
export function isSafe(method: number): boolean {
  return method === Method.GET || method === Method.HEAD || method === Method.OPTIONS || method === Method.TRACE;
}

/** Whether doing it twice is doing it once (RFC 9110 9.2.2). An unknown method is not idempotent. */
export function isIdempotent(method: number): boolean {
  return isSafe(method) || method === Method.PUT || method === Method.DELETE;
}
