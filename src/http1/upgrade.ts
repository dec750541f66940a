import { bytes } from './bytes.ts';
import { Field, type FieldBlock } from './fields.ts';
import { listMembers } from './list-members.ts';

/** A name, and perhaps a version (RFC 9110 7.8), in lower case. */
const PROTOCOL = /^[!#$%&'*+\-.^_`|~0-9a-z]+(?:\/[!#$%&'*+\-.^_`|~0-9a-z]+)?$/;

/**
 * Protocols that are HTTP again. Requests within them would reach the application past the routes, the header rules and every
 * check that a proxy in front of this one makes (h2c smuggling); RFC 9113 has taken the h2c upgrade back.
 */
const HTTP_ITSELF = new Set(['h2c', 'h2', 'http', 'tls']);

const HTTP2_SETTINGS = bytes('http2-settings');

/**
 * Decides on the Upgrade fields of a request, and marks them as to be forwarded or not. A list that holds HTTP itself, or
 * something that is no protocol, is not passed on: the request is an ordinary one then, as RFC 9110 7.8 lets every server decide.
 *
 * @param asked Connection lists `upgrade`, in HTTP/1.1.
 * @returns whether the request still asks for another protocol.
 */
export function passUpgrade(buffer: Buffer, fields: FieldBlock, asked: boolean): boolean {
  // RFC 7540 3.2.1: it ends here also where Connection does not list it.
  for (let i = fields.find(buffer, HTTP2_SETTINGS); i >= 0; i = fields.find(buffer, HTTP2_SETTINGS, i + 1)) {
    fields.drop[i] = 1;
  }
  if (!asked) return false;
  const protocols = protocolsOf(buffer, fields);
  if (protocols.length === 0 || !protocols.every(isOtherProtocol)) return false;
  keepUpgrade(fields);
  return true;
}

/** Whether a 101 names in Upgrade what it has switched to, and nothing that the request did not offer (RFC 9110 15.2.2). */
export function answersUpgrade(request: Buffer, offered: FieldBlock, response: Buffer, taken: FieldBlock): boolean {
  const offers = protocolsOf(request, offered);
  const protocols = protocolsOf(response, taken);
  return protocols.length > 0 && protocols.every((protocol) => offers.includes(protocol));
}

/** Upgrade concerns this hop, unless the hop itself is to become something else. */
export function keepUpgrade(fields: FieldBlock): void {
  for (let i = 0; i < fields.count; i++) if (fields.ids[i] === Field.UPGRADE) fields.drop[i] = 0;
}

/** What all Upgrade fields list, in lower case: names of protocols are compared so (RFC 9110 7.8). */
function protocolsOf(buffer: Buffer, fields: FieldBlock): string[] {
  return listMembers(buffer, fields, Field.UPGRADE).map((protocol) => protocol.toLowerCase());
}

function isOtherProtocol(protocol: string): boolean {
  return PROTOCOL.test(protocol) && !HTTP_ITSELF.has(protocol.split('/', 1)[0] ?? '');
}
