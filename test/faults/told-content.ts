/** Bytes of one unit of content: whose it is, and where it stands in there, a 32-bit number each. */
const UNIT_BYTES = 8;

/** Bytes that belong to one source and to one position in it alone: foreign bytes and shifted ones are told, and whose they are. */
export function toldContent(source: number, size: number): Buffer {
  const words = new Uint32Array(Math.ceil(size / UNIT_BYTES) * 2);
  for (let i = 0; i < words.length; i += 2) {
    words[i] = source;
    words[i + 1] = i / 2;
  }
  return Buffer.from(words.buffer, 0, size);
}

/** Where `got` is not what it has to be, in words; empty: it is, to the last byte. */
export function contentFault(got: Buffer, source: number, size: number): string {
  const want = toldContent(source, size);
  if (got.equals(want)) return '';
  const end = Math.min(got.length, want.length);
  let at = 0;
  while (at < end && got[at] === want[at]) at += 1;
  const lengths = got.length === size ? `${size} bytes` : `${got.length} bytes instead of ${size}`;
  return `${lengths} of source ${source}, right up to ${at}${at < got.length ? `, then ${origin(got.subarray(at))}` : ''}`;
}

/** What content looks to begin in `bytes`: two units in a row tell. */
function origin(bytes: Buffer): string {
  for (let skip = 0; skip < UNIT_BYTES && skip + 2 * UNIT_BYTES <= bytes.length; skip += 1) {
    const words = new Uint32Array(new Uint8Array(bytes.subarray(skip, skip + 2 * UNIT_BYTES)).buffer);
    const [source = 0, unit = 0, again = 0, next = 0] = words;
    if (source === again && next === unit + 1) {
      return `${skip} bytes on, those of source ${source} from ${unit * UNIT_BYTES}`;
    }
  }
  return JSON.stringify(bytes.toString('latin1', 0, 40));
}
