/** No name of the DNS is longer: 255 octets (RFC 1035 2.3.4) are 253 characters. */
const MAX_BYTES = 253;

/**
 * The host of `uri-host [":" port]` as routes are written: lower case, without port and root dot. It is to be compared whole,
 * never as a substring (CVE-2026-55602). Empty when it is too long to be anybody's: what a client sends must not cost more
 * than what it can mean.
 */
export function hostName(bytes: Buffer, start: number, end: number): string {
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
  return hostEnd - start > MAX_BYTES ? '' : bytes.toString('latin1', start, hostEnd).toLowerCase();
}
