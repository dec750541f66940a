/** No name of the DNS is longer: 255 octets (RFC 1035 2.3.4) are 253 characters. */
const MAX_BYTES = 253;

/**
 * Where the host of `uri-host [":" port]` ends as routes are written: without port and root dot. It is to be compared whole, never
 * as a substring (CVE-2026-55602). `start` when it is too long to be anybody's: what a client sends must not cost more than what
 * it can mean.
 */
export function hostNameEnd(bytes: Uint8Array, start: number, end: number): number {
  let hostEnd = end;
  for (let i = end - 1; i > start; i -= 1) {
    const byte = bytes[i] ?? 0;
    if (byte === 0x3a) {
      hostEnd = i;
      break;
    }
    if (byte < 0x30 || byte > 0x39) break;
  }
  if (hostEnd - 1 > start && bytes[hostEnd - 1] === 0x2e) hostEnd -= 1;
  return hostEnd - start > MAX_BYTES ? start : hostEnd;
}
