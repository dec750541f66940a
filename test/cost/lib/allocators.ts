import type { HeapProfiler } from 'node:inspector';

/** One function, and the bytes that it has allocated itself. */
export interface Allocator {
  readonly name: string;
  readonly bytes: number;
}

/** Sums a sampled profile by function, the greatest first. What the compiler inlined counts for the function that it was inlined into. */
export function allocators(head: HeapProfiler.SamplingHeapProfileNode): readonly Allocator[] {
  const bytes = new Map<string, number>();
  const add = ({ callFrame, selfSize, children }: HeapProfiler.SamplingHeapProfileNode): void => {
    const name = nameOf(callFrame);
    bytes.set(name, (bytes.get(name) ?? 0) + selfSize);
    for (const child of children) add(child);
  };
  add(head);
  return [...bytes].map(([name, size]) => ({ name, bytes: size })).sort((a, b) => b.bytes - a.bytes);
}

function nameOf({ functionName, url, lineNumber }: HeapProfiler.SamplingHeapProfileNode['callFrame']): string {
  const place = url === '' ? '' : ` (${url.replace(/^.*\/(src|dist)\//, '$1/')}:${lineNumber + 1})`;
  return `${functionName || 'anonymous'}${place}`;
}
