/** What one proxy does with one case: whether anything whole got through, and a cell of the table. */
export interface Verdict {
  readonly accepted: boolean;
  readonly text: string;
}

/** Bytes as they are shown in the table: printable ASCII, the rest escaped; at most `limit` characters. */
export function shown(bytes: string, limit = 60): string {
  const text = bytes.length > limit ? `${bytes.slice(0, limit)}...` : bytes;
  return JSON.stringify(text)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll('`', '\\x60')
    .replace(/[\x7f-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`)
    .replace(/\\u00([0-9a-f]{2})/g, '\\x$1');
}
