/** Names of system calls, with how often each was made: in all, or a request. */
export type CallCounts = ReadonlyMap<string, number>;

/** Reads what `strace -c` writes: a table whose fourth column counts, and whose last one names the call. */
export function callCounts(summary: string): CallCounts {
  const counts = new Map<string, number>();
  for (const line of summary.split('\n')) {
    const columns = line.trim().split(/\s+/);
    const [name = '', calls] = [columns.at(-1), Number(columns[3])];
    if (columns.length >= 5 && Number.isInteger(calls) && name !== 'total') counts.set(name, calls);
  }
  return counts;
}

/** All together, or those of these names. */
export function callsOf(counts: CallCounts, names: readonly string[] = [...counts.keys()]): number {
  return names.reduce((sum, name) => sum + (counts.get(name) ?? 0), 0);
}

/** For people: the calls of one request, the most frequent first; what comes less than once in a hundred is summed up. */
export function callsText(counts: CallCounts): string {
  const often = [...counts].filter(([, calls]) => calls >= 0.01).sort(([, a], [, b]) => b - a);
  const rest = callsOf(counts) - often.reduce((sum, [, calls]) => sum + calls, 0);
  const parts = often.map(([name, calls]) => `${name} ${calls.toFixed(2)}`);
  return [...parts, ...(rest > 0 ? [`other ${rest.toFixed(3)}`] : [])].join(', ');
}
