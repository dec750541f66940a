import { Refusal } from './refusal.ts';

/** What `parse` makes of the value; null where it refuses. For rules across values: the refusal is told elsewhere. */
export function usable<T>(parse: (value: unknown) => T, value: unknown): T | null {
  try {
    return parse(value);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}
