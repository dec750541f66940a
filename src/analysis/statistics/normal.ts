/** Above this the continued fraction is the quicker one; below, the series. */
const SERIES_UP_TO = 3;
const PRECISION = 1e-17;
const MOST_TERMS = 500;

/** P(Z > z) of a standard normal Z, to 1e-13 of its value (Abramowitz and Stegun, 26.2.11 and 26.2.14). */
export function upperTail(z: number): number {
  if (z < 0) return 1 - upperTail(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z > SERIES_UP_TO) return density * fraction(z);
  let term = z;
  let sum = z;
  for (let n = 3; n < MOST_TERMS && term > PRECISION * sum; n += 2) {
    term *= (z * z) / n;
    sum += term;
  }
  return 0.5 - density * sum;
}

/** The fraction 1/(z + 1/(z + 2/(z + 3/(z + ...)))), from its end. */
function fraction(z: number): number {
  let value = z;
  for (let n = MOST_TERMS; n >= 1; n--) value = z + n / value;
  return 1 / value;
}

/** The z with P(Z > z) = p, 0 < p <= 0.5, by Newton's method. */
export function quantileOfUpperTail(p: number): number {
  let z = 0;
  // From 0 upwards the tail is convex, so no step goes beyond the answer.
  for (let step = 0; step < MOST_TERMS; step++) {
    const next = z + ((upperTail(z) - p) * Math.sqrt(2 * Math.PI)) / Math.exp((-z * z) / 2);
    if (!(next > z)) break;
    z = next;
  }
  return z;
}
