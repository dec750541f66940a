import fc from 'fast-check';

/** One change of a message's bytes. Places are any number: taken modulo what there is. */
export type Mutation =
  | { readonly kind: 'replace'; readonly place: number; readonly removed: number; readonly piece: string }
  | { readonly kind: 'copy-line' | 'move-line'; readonly place: number; readonly to: number }
  | { readonly kind: 'remove-line'; readonly place: number }
  | { readonly kind: 'insert-line'; readonly place: number; readonly piece: string }
  | { readonly kind: 'line-end'; readonly place: number; readonly piece: string }
  | { readonly kind: 'in-line'; readonly place: number; readonly piece: string };

const BYTES = [
  '\0',
  '\x01',
  '\t',
  '\n',
  '\x0b',
  '\r',
  ' ',
  '#',
  '"',
  '/',
  ':',
  ';',
  ',',
  '@',
  '\x7f',
  '\x85',
  '\xa0',
  '\xff',
];
const LINE_ENDS = ['\n', '\r', '\r\r\n', '\n\r', '', ' \r\n', '\t\r\n', '\0\r\n', '\r\n ', '\r\n\t', '\r\n\r\n'];
/** Put before the colon of a line, or at the start of one without. */
const IN_LINES = [' ', '\t', '\0', '\x0b', ':', ' :', '\r', '\n', '\xa0', ',', 'x'];

const place = fc.nat(4_095);

/** Changes by bytes, by lines, and by pieces that mean something. */
export function mutation(lines: readonly string[], pieces: readonly string[]): fc.Arbitrary<Mutation> {
  return fc.oneof(
    fc.record({
      kind: fc.constant('replace' as const),
      place,
      removed: fc.nat(3),
      piece: fc.oneof(fc.constantFrom('', ...BYTES), fc.constantFrom(...pieces)),
    }),
    fc.record({ kind: fc.constantFrom('copy-line' as const, 'move-line' as const), place, to: place }),
    fc.record({ kind: fc.constant('remove-line' as const), place }),
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('insert-line' as const), place, piece: fc.constantFrom(...lines) }),
    },
    fc.record({ kind: fc.constant('line-end' as const), place, piece: fc.constantFrom(...LINE_ENDS) }),
    fc.record({ kind: fc.constant('in-line' as const), place, piece: fc.constantFrom(...IN_LINES) }),
  );
}

/** The text after all changes, in order. */
export function mutated(text: string, mutations: readonly Mutation[]): string {
  return mutations.reduce(apply, text);
}

function apply(text: string, change: Mutation): string {
  if (change.kind === 'replace') {
    const at = change.place % (text.length + 1);
    return text.slice(0, at) + change.piece + text.slice(at + change.removed);
  }
  const lines = text.split(/(?<=\n)/);
  const at = change.place % lines.length;
  const line = lines[at] ?? '';
  switch (change.kind) {
    case 'copy-line':
    case 'move-line':
      if (change.kind === 'move-line') lines.splice(at, 1);
      lines.splice(change.to % (lines.length + 1), 0, line);
      break;
    case 'remove-line':
      lines.splice(at, 1);
      break;
    case 'insert-line':
      lines.splice(at, 0, `${change.piece}\r\n`);
      break;
    case 'line-end':
      lines[at] = line.replace(/\r?\n?$/, change.piece);
      break;
    case 'in-line':
      lines[at] = line.includes(':') ? line.replace(':', `${change.piece}:`) : change.piece + line;
  }
  return lines.join('');
}

/** How many bytes come one by one at most. */
const MAX_BYTES = 400;

/** How a message's bytes are divided. */
export type Cuts = readonly number[] | 'bytes';

export const cuts: fc.Arbitrary<Cuts> = fc.oneof(
  { weight: 8, arbitrary: fc.constant([]) },
  { weight: 11, arbitrary: fc.array(place, { maxLength: 5 }) },
  { weight: 1, arbitrary: fc.constant('bytes' as const) },
);

export function divided(text: string, cuts: Cuts): string[] {
  // Each piece costs a turn of the event loop: a long body would cost thousands.
  if (cuts === 'bytes')
    return [...text.slice(0, MAX_BYTES).split(''), text.slice(MAX_BYTES)].filter((piece) => piece !== '');
  const ends = [...cuts.map((cut) => cut % (text.length + 1)), text.length].sort((a, b) => a - b);
  return ends.map((end, i) => text.slice(ends[i - 1] ?? 0, end)).filter((piece) => piece !== '');
}
