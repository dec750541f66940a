/** What a name of the cluster means. */
export interface DnsAnswer {
  /** IPv4 addresses; none: the name is there, and nobody answers for it. */
  readonly addresses: readonly string[];
  /** Another name for it. */
  readonly alias?: string;
}

const HEADER_BYTES = 12;
const [A, CNAME, ANY] = [1, 5, 255];
const IN = 1;
/** Response, authoritative, recursion desired and available. */
const RESPONSE = 0x8580;
const [NO_ERROR, NO_SUCH_NAME] = [0, 3];
/** As CoreDNS says of Services, in seconds. */
const TTL = 5;
/** A pointer to the name of the question, which begins behind the header (RFC 1035 4.1.4). */
const QUESTION_NAME = Buffer.from([0xc0, HEADER_BYTES]);

/**
 * The response (RFC 1035) to a query of one question. `lookUp` gets the name in lower case without the last dot, and returns null
 * for one that there is not.
 * @returns null for what is no such query
 */
export function answerQuery(query: Buffer, lookUp: (name: string) => DnsAnswer | null): Buffer | null {
  if (query.length < HEADER_BYTES || query.readUInt16BE(4) !== 1) return null;
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    if (length > 63 || at + length >= query.length) return null;
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  const end = at + 5;
  if (end > query.length) return null;
  const type = query.readUInt16BE(at + 1);
  const answer = lookUp(labels.join('.'));
  const records = answer === null ? [] : recordsOf(answer, type);
  const head = Buffer.alloc(HEADER_BYTES);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(RESPONSE | (answer === null ? NO_SUCH_NAME : NO_ERROR), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  return Buffer.concat([head, query.subarray(HEADER_BYTES, end), ...records]);
}

function recordsOf({ addresses, alias }: DnsAnswer, type: number): readonly Buffer[] {
  const owner = alias === undefined ? QUESTION_NAME : encoded(alias);
  const wanted = type === A || type === ANY ? addresses : [];
  return [
    ...(alias === undefined ? [] : [record(QUESTION_NAME, CNAME, encoded(alias))]),
    ...wanted.map((address) => record(owner, A, Buffer.from(address.split('.').map(Number)))),
  ];
}

function record(owner: Buffer, type: number, data: Buffer): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(IN, 2);
  fixed.writeUInt32BE(TTL, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([owner, fixed, data]);
}

function encoded(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}
