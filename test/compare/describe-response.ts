import { type Message, parseHead } from '../lib/message.ts';
import type { Observation } from './observe.ts';
import { SENTINEL_SEEN } from './recorder.ts';
import { shown, type Verdict } from './verdict.ts';

const OWN = /^(via|date|server|connection|content-length|transfer-encoding)$/;

/** What the client got of an upstream's answer to a GET that was followed by the sentinel. */
export function describeResponse(script: string, { received, reset, hung }: Observation): Verdict {
  if (received === '') return { accepted: false, text: reset ? 'cut' : 'closes without an answer' };
  if (!received.startsWith('HTTP/1.')) return { accepted: true, text: `passes on \`${shown(received, 22)}\`` };
  let interim = '';
  let count = 0;
  let rest = received;
  for (;;) {
    const headEnd = rest.indexOf('\r\n\r\n') + 4;
    if (headEnd < 4) return { accepted: true, text: `${interim} and a head cut short: \`${shown(rest)}\`` };
    let message: Message;
    try {
      message = parseHead(rest.slice(0, headEnd).replace(/^HTTP\/1\.0/, 'HTTP/1.1'), {});
    } catch (error) {
      const why = error instanceof Error ? error.message : '';
      return { accepted: true, text: `passes on what cannot be read: \`${shown(why)}\`` };
    }
    rest = rest.slice(headEnd);
    if (message.status >= 200) return final(script, message, rest, interim === '' ? [] : [interim], reset, hung);
    count = interim.endsWith(String(message.status)) ? count + 1 : 1;
    interim = `${count > 1 ? `${count} times ` : ''}${message.status}`;
  }
}

function final(
  script: string,
  message: Message,
  rest: string,
  notes: string[],
  reset: boolean,
  hung: boolean,
): Verdict {
  const { content, end, whole } = contentOf(message, rest, reset);
  const statuses = [...script.matchAll(/^HTTP\/\S+ +(\d{3})/gm)].map(([, status]) => Number(status));
  const own = message.status >= 500 && !statuses.includes(message.status);
  if (own)
    return {
      accepted: false,
      text: [...notes, `${message.status} ${/^[a-z_]+\n$/.test(content) ? content.trim() : ''}`.trim()].join(', '),
    };
  if (!whole) return { accepted: false, text: 'cut' };
  notes.push(`${message.status}${content === '' ? '' : ` \`${shown(content, 30)}\``}`);
  const head = script.slice(script.lastIndexOf('HTTP/1.', script.search(/\n\r?\n/))).split(/\n\r?\n/)[0] ?? '';
  const lines = head.split(/\r?\n/).slice(1);
  for (const [name, value] of message.fields) {
    const line = lines.find((candidate) => candidate.toLowerCase().startsWith(`${name}:`));
    if (!OWN.test(name) && line?.slice(name.length + 1).trim() !== value)
      notes.push(`\`${shown(`${name}: ${value}`)}\``);
  }
  const after = rest.slice(end);
  if (after.toLowerCase().includes(SENTINEL_SEEN.toLowerCase()))
    notes.push(...(after.startsWith('HTTP/1.1 200 ') ? [] : ['something before the next answer']));
  else if (after !== '')
    notes.push(/^HTTP\/1\.[01] (\d{3})/.test(after) ? `then ${after.slice(9, 12)}` : 'then garbage');
  else if (hung) notes.push('stays open');
  return { accepted: true, text: notes.join(', ') };
}

interface Content {
  readonly content: string;
  /** Where it ends. */
  readonly end: number;
  /** It ended as its framing says. */
  readonly whole: boolean;
}

function contentOf({ framing }: Message, rest: string, reset: boolean): Content {
  if (framing === 'close') return { content: rest, end: rest.length, whole: !reset };
  if (framing !== 'chunked') {
    const end = Math.min(framing, rest.length);
    return { content: rest.slice(0, end), end, whole: end === framing };
  }
  let content = '';
  for (let at = 0; ; ) {
    const line = /^([0-9a-f]+)(?:[ ;][^\r\n]*)?\r\n/i.exec(rest.slice(at));
    if (line === null) return { content, end: rest.length, whole: false };
    const size = Number.parseInt(line[1] ?? '', 16);
    at += line[0].length;
    if (size === 0) {
      const end = rest.startsWith('\r\n', at) ? at + 2 : rest.indexOf('\r\n\r\n', at) + 4;
      const trailers = rest.slice(at, end - 4);
      return { content: trailers === '' ? content : `${content}[trailers ${trailers}]`, end, whole: end >= at };
    }
    content += rest.slice(at, at + size);
    at += size + 2;
  }
}
