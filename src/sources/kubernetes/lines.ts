const NEWLINE = 0x0a;
/** etcd takes no object beyond 1.5 MiB; what is ten times as long is no watch event. */
const LONGEST = 16 * 1024 * 1024;

/**
 * The lines of a stream of bytes, without their ends. A line is decoded when it is complete, so chunks may be cut anywhere,
 * also within a character. What is left at the end without a newline was cut off and is dropped.
 * @throws RangeError at a line without end
 */
export async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  let parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      const last = chunk.subarray(from, end);
      from = end + 1;
      yield (parts.length === 0 ? last : Buffer.concat([...parts, last])).toString('utf8');
      parts = [];
      length = 0;
    }
    if (from === chunk.length) continue;
    parts.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > LONGEST) throw new RangeError(`a line of more than ${LONGEST} bytes`);
  }
}
