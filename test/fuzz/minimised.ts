/** Few inputs, short ones first, that together have every feature that all of them have. */
export function minimised(inputs: readonly Buffer[], featuresOf: (input: Buffer) => readonly number[]): Buffer[] {
  const covered = new Set<number>();
  return [...inputs]
    .sort((a, b) => a.length - b.length || Buffer.compare(a, b))
    .filter((input) => {
      const before = covered.size;
      for (const feature of featuresOf(input)) covered.add(feature);
      return covered.size > before;
    });
}
