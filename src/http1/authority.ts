import { COLON, DOT, HEX, parseDecimal, REG_NAME, ZERO } from './bytes.ts';

const PERCENT = 0x25;
const LEFT_BRACKET = 0x5b;
const RIGHT_BRACKET = 0x5d;

/**
 * Checks `uri-host [ ":" port ]` (RFC 3986 3.2.2, RFC 9110 7.2) and returns where the host ends, the port not included; -1 when
 * it is not valid. User information is not part of it, an empty host is refused (RFC 9110 4.2.1), and so are a port above 65535
 * and an IPvFuture literal, which has no meaning yet.
 */
export function authorityHostEnd(buffer: Buffer, start: number, end: number): number {
  const hostEnd =
    buffer[start] === LEFT_BRACKET && start < end ? literalEnd(buffer, start, end) : regNameEnd(buffer, start, end);
  if (hostEnd <= start) return -1;
  if (hostEnd === end) return hostEnd;
  if (buffer[hostEnd] !== COLON) return -1;
  if (hostEnd + 1 === end) return hostEnd; // port = *DIGIT
  const port = parseDecimal(buffer, hostEnd + 1, end);
  return port >= 0 && port <= 65535 ? hostEnd : -1;
}

function regNameEnd(buffer: Buffer, start: number, end: number): number {
  let p = start;
  while (p < end) {
    const byte = buffer[p] ?? 0;
    if (REG_NAME[byte] === 1) p++;
    else if (byte !== PERCENT) break;
    else if (p + 2 < end && HEX[buffer[p + 1] ?? 0] !== 255 && HEX[buffer[p + 2] ?? 0] !== 255) p += 3;
    else return -1;
  }
  return p;
}

function literalEnd(buffer: Buffer, start: number, end: number): number {
  let p = start + 1;
  while (p < end && buffer[p] !== RIGHT_BRACKET) p++;
  return p < end && isIpv6(buffer, start + 1, p) ? p + 1 : -1;
}

function isIpv6(buffer: Buffer, start: number, end: number): boolean {
  let p = start;
  let groups = 0;
  let compressed = false;
  if (end - start >= 2 && buffer[p] === COLON && buffer[p + 1] === COLON) {
    compressed = true;
    p += 2;
    if (p === end) return true;
  }
  for (;;) {
    const group = p;
    while (p < end && HEX[buffer[p] ?? 0] !== 255) p++;
    if (p < end && buffer[p] === DOT) {
      if (!isIpv4(buffer, group, end)) return false;
      return compressed ? groups < 6 : groups === 6;
    }
    if (p === group || p - group > 4 || ++groups > 8) return false;
    if (p === end) return compressed ? groups < 8 : groups === 8;
    if (buffer[p++] !== COLON) return false;
    if (p < end && buffer[p] === COLON) {
      if (compressed) return false;
      compressed = true;
      p++;
      if (p === end) return groups < 8;
    }
  }
}

function isIpv4(buffer: Buffer, start: number, end: number): boolean {
  let p = start;
  for (let octets = 0; octets < 4; octets++) {
    if (octets > 0 && (p >= end || buffer[p++] !== DOT)) return false;
    const from = p;
    while (p < end && p - from < 3 && buffer[p] !== DOT) p++;
    if (p - from > 1 && buffer[from] === ZERO) return false;
    const value = parseDecimal(buffer, from, p);
    if (value < 0 || value > 255) return false;
  }
  return p === end;
}
