import fc from 'fast-check';
import t from 'tap';
import { backoff } from '../../src/sources/kubernetes/backoff.ts';
import { lines } from '../../src/sources/kubernetes/lines.ts';
import { ListReader } from '../../src/sources/kubernetes/list-reader.ts';

/** Cut at these places, taken modulo its length. */
function cut(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...at, bytes.length].map((end, index) => bytes.subarray(at[index - 1] ?? 0, end));
}

async function* stream(chunks: readonly Buffer[]): AsyncGenerator<Buffer, void, undefined> {
  yield* chunks;
}

async function linesOf(chunks: readonly Buffer[]): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines(stream(chunks))) all.push(line);
  return all;
}

function read(chunks: readonly Buffer[]): { items: unknown[]; rest: unknown } {
  const items: unknown[] = [];
  const reader = new ListReader((item) => items.push(item));
  for (const chunk of chunks) reader.push(chunk);
  return { items, rest: reader.end() };
}

const places = fc.array(fc.nat(), { maxLength: 12 });

t.test('lines are the same wherever the stream is cut, also within a character', async () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ''));
  await fc.assert(
    fc.asyncProperty(fc.array(line), places, async (written, places) => {
      const read = await linesOf(cut(written.map((one) => `${one}\n`).join(''), places));
      if (JSON.stringify(read) !== JSON.stringify(written)) throw new Error(JSON.stringify({ read, written }));
    }),
  );
});

t.test('what a stream ends with is no line without its newline', async (t) => {
  t.strictSame(await linesOf([Buffer.from('{"a":1}\n{"b":')]), ['{"a":1}']);
  t.strictSame(await linesOf([]), []);
});

t.test('a line without end is refused before it fills the memory', async (t) => {
  const endless = Array.from({ length: 40 }, () => Buffer.alloc(1024 * 1024, 'x'));
  await t.rejects(linesOf(endless), RangeError);
});

t.test('the items of a list are those that JSON.parse finds, wherever it is cut', async () => {
  const item = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }));
  const metadata = fc.record({ resourceVersion: fc.string(), continue: fc.string() });
  const list = fc.record({ kind: fc.string(), items: fc.array(item), metadata, items2: fc.jsonValue() });
  fc.assert(
    fc.property(list, places, fc.constantFrom(0, 2), fc.boolean(), (list, places, indent, first) => {
      const { items, ...rest } = list;
      const text = JSON.stringify(first ? { items, ...rest } : { ...rest, items }, null, indent);
      const found = read(cut(text, places));
      const wanted = JSON.parse(JSON.stringify({ items, rest: { ...rest, items: [] } }));
      const asJson = (value: { items: unknown; rest: object }) =>
        JSON.stringify([value.items, Object.entries(value.rest).sort(([a], [b]) => (a < b ? -1 : 1))]);
      const rested = typeof found.rest === 'object' && found.rest !== null ? found.rest : {};
      if (asJson({ items: found.items, rest: rested }) !== asJson(wanted)) throw new Error(JSON.stringify(found));
    }),
  );
});

t.test('a list without items, or with null in their place, has none', async (t) => {
  const empty = (text: string) => read([Buffer.from(text)]).items;
  t.strictSame(empty('{"kind":"PodList","items":null}'), []);
  t.strictSame(empty('{"kind":"PodList","items":[]}'), []);
  t.strictSame(empty('{"kind":"PodList"}'), []);
  t.strictSame(empty('{"spec":{"items":[{"a":1}]}}'), []);
});

t.test('a list that is cut off, or none at all, is refused without quoting it', async (t) => {
  for (const text of ['{"items":[{"a":"s3cret"}', '{"items":[{"a":"s3cret",}]}', '<html>s3cret', '']) {
    t.throws(() => read([Buffer.from(text)]), { message: 'the list is not valid JSON' }, text);
  }
  const endless = Array.from({ length: 4 }, () => Buffer.alloc(1024 * 1024, 'x'));
  t.throws(() => read(endless), /no list of Kubernetes objects/);
});

t.test('waits double from the first to a longest, with jitter, and never undercut Retry-After', async (t) => {
  const waits = (why: Parameters<typeof backoff>[1], random: number) =>
    [1, 2, 3, 4, 20].map((attempts) => backoff(attempts, why, 100, 0, () => random));
  t.strictSame(waits('unreachable', 1), [100, 200, 400, 800, 1_000]);
  t.strictSame(waits('unreachable', 0), [50, 100, 200, 400, 500]);
  t.strictSame(waits('other', 1), [100, 200, 400, 800, 10_000]);
  t.strictSame(waits('denied', 1), [100, 200, 400, 800, 30_000]);
  t.equal(
    backoff(1, 'other', 100, 5_000, () => 0),
    5_000,
  );
  t.equal(
    backoff(1, 'other', 100, 86_400_000, () => 0),
    60_000,
  );
});
