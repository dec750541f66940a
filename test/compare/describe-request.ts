import { type Message, valuesOf } from '../lib/message.ts';
import type { Observation } from './observe.ts';
import { isSentinel, type Recorded } from './recorder.ts';
import { shown, type Verdict } from './verdict.ts';

/** What a proxy adds or writes anew of its own accord. */
const OWN = /^(host|via|connection|x-forwarded-(for|proto|host)|content-length|transfer-encoding)$/;
const HOP_BY_HOP = /^(connection|content-length|transfer-encoding)$/;

/** What became of a request that was followed by the sentinel. */
export function describeRequest(sent: string, { received, hung, upstream }: Observation): Verdict {
  const answers = [...received.matchAll(/^HTTP\/1\.[01] (\d{3}).*?\r\n\r\n([a-z_0-9]+\n)?/gms)];
  const statuses = answers.map(([, status]) => Number(status)).filter((status) => status >= 200);
  const sentinel = upstream.findIndex(({ message }) => isSentinel(message));
  const messages = upstream.filter(({ flaw }, index) => index !== sentinel && flaw === '');
  const parts = upstream.filter(({ flaw }) => flaw !== '');
  const last = answers.at(-1);
  const reason = last?.[2]?.trim() ?? '';
  const notes: string[] = [];
  for (const { flaw, message } of parts) {
    notes.push(message === null ? `sends on what cannot be read: \`${shown(flaw)}\`` : 'after its head was sent on');
  }
  if (hung) notes.push('stays open');
  const accepted = messages.length > 0;
  if (!accepted) {
    // An answer without a head is what HTTP/0.9 knows; some proxies use it for what they cannot read.
    const bare = received === '' ? 'closes without an answer' : 'an answer without a head';
    const [first] = statuses;
    const itself = first !== undefined && first < 400 ? ' by itself' : ` ${reason}`.trimEnd();
    const status = first === undefined ? bare : `${first}${itself}`;
    if (sentinel >= 0) notes.push('stays open');
    return { accepted, text: [status, ...notes].join(', ') };
  }
  notes.unshift(...messages.slice(0, 1).flatMap((one) => changes(sent, one)));
  const others = messages.slice(1).map(({ message }) => shown(message?.startLine.replace(/ HTTP.*/, '') ?? ''));
  if (others.length > 0) notes.push(`then ${others.join(', ')}`);
  if (sentinel < 0)
    notes.push(statuses.length > messages.length ? `then ${statuses.at(-1)} ${reason}`.trim() : 'closes');
  return { accepted, text: [String(statuses[0] ?? 'no answer'), ...notes].join(', ') };
}

/** How the message differs from the bytes that the client sent. */
function changes(sent: string, { message, content }: Recorded): string[] {
  if (message === null) return [];
  const [line = '', ...fields] =
    sent
      .replace(/^[\r\n]+/, '')
      .split(/\r?\n\r?\n/)[0]
      ?.split(/\r?\n/) ?? [];
  const notes: string[] = [];
  const startLine = message.startLine.replace(/ HTTP\/1\.[01]$/, '');
  if (startLine !== line.replace(/ HTTP\/1\.[01]$/, '')) notes.push(`as \`${shown(startLine)}\``);
  const before = new Map(fields.map((field) => named(field)));
  const hosts = valuesOf(message, 'host');
  if (!hosts.includes(before.get('host') ?? '') && hosts[0]?.startsWith('127.0.0.1:') !== true)
    notes.push(`Host \`${shown(hosts.join(', '))}\``);
  const kept = new Set<string>();
  for (const [name, value] of message.fields) {
    kept.add(name);
    if (
      !OWN.test(name) &&
      before.get(name) !== value &&
      !fields.some((field) => named(field).join() === `${name},${value}`)
    ) {
      notes.push(`\`${shown(`${name}: ${value}`)}\``);
    }
  }
  for (const name of new Set(before.keys())) {
    if (!kept.has(name) && !HOP_BY_HOP.test(name) && name !== '') notes.push(`drops \`${shown(name)}\``);
  }
  return [...notes, ...framingOf(message, content, before)];
}

function framingOf({ framing }: Message, content: string, before: ReadonlyMap<string, string>): string[] {
  const wasChunked = before.has('transfer-encoding');
  const length = before.get('content-length') ?? '';
  const extras = [...content.matchAll(/\[[^\]]*\]/g)].map(([extra]) => shown(extra.slice(1, -1), 30));
  const notes = extras.length === 0 ? [] : [`with \`${extras[0]}\``];
  if (framing === 'chunked') return wasChunked ? notes : ['chunked', ...notes];
  if (framing === 0) return length === '' || length === '0' ? notes : ['no body', ...notes];
  return framing === 'close' || String(framing) === length ? notes : [`length ${framing}`, ...notes];
}

function named(line: string): [name: string, value: string] {
  const colon = line.indexOf(':', 1);
  if (colon < 0) return [line.trim().toLowerCase(), ''];
  return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')];
}
