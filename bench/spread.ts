/** Median, with least and greatest in parentheses. */
export function spread(values: readonly number[], digits: number): string {
  const [least, greatest] = [quantile(values, 0).toFixed(digits), quantile(values, 1).toFixed(digits)];
  return `${median(values).toFixed(digits)} (${least}-${greatest})`;
}

/** NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  return (lower + upper) / 2;
}

/** The value below which a share `q` of the values lies, 0 <= q <= 1; NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
