import { ok } from 'node:assert/strict';
import type { FieldBlock } from '../../src/http1/fields.ts';

export type FieldLine = readonly [name: string, value: string, id: number, dropped: boolean];

/** The field lines of a complete head of `length` bytes at 0, after a check that their positions lie as they are documented to. */
export function checkFields(fields: FieldBlock, bytes: Buffer, length: number): FieldLine[] {
  const { count, positions, ids, drop } = fields;
  const lines: FieldLine[] = [];
  let lineStart = positions[0] ?? 0;
  for (let i = 0; i < count; i += 1) {
    const nameStart = positions[4 * i] ?? -1;
    const nameEnd = positions[4 * i + 1] ?? -1;
    const valueStart = positions[4 * i + 2] ?? -1;
    const valueEnd = positions[4 * i + 3] ?? -1;
    ok(nameStart === lineStart, 'a line begins where the last one ended');
    ok(nameStart < nameEnd && nameEnd < valueStart && valueStart <= valueEnd, 'name, colon, value');
    lineStart = i + 1 < count ? (positions[4 * i + 4] ?? -1) : length - 2;
    ok(valueEnd + 2 <= lineStart && lineStart <= length, 'the line ends with its CRLF within the head');
    ok(bytes[lineStart - 2] === 0x0d && bytes[lineStart - 1] === 0x0a, 'and with nothing else');
    const name = bytes.toString('latin1', nameStart, nameEnd).toLowerCase();
    lines.push([name, bytes.toString('latin1', valueStart, valueEnd), ids[i] ?? 0, drop[i] === 1]);
  }
  return lines;
}

/** The same fields in the same order. */
export function sameLines(some: readonly FieldLine[], others: readonly FieldLine[]): boolean {
  return (
    some.length === others.length &&
    some.every(([name, value], i) => name === others[i]?.[0] && value === others[i]?.[1])
  );
}
