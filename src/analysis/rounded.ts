/** Six digits: more would only look exact. */
export function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
