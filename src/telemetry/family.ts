import type { NativeHistogram } from './native-histogram.ts';
import type { Scrape } from './scrape.ts';

export interface FamilyHead {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
}

/** How a family of each type begins, with the names' prefix. */
export function familyHeads(prefix: string) {
  const head = (type: FamilyHead['type']) => (name: string, help: string) => ({ name: `${prefix}${name}`, help, type });
  return { counter: head('counter'), gauge: head('gauge'), histogram: head('histogram') };
}

/** A histogram at one moment. */
export interface HistogramReading {
  /** Upper bounds in ascending order, inclusive, without +Inf. */
  readonly bounds: readonly number[];
  /** Observations up to each bound and, in one more element, all of them. */
  readonly cumulative: readonly number[];
  readonly sum: number;
  /** The same observations at a higher resolution, for a format that can tell them. Null: there are none. */
  readonly native: (() => NativeHistogram) | null;
}

/** Takes the samples of families in the order in which they are to be shown, and makes one format of them. */
export interface SampleWriter {
  begin(family: FamilyHead): void;
  /** Labels of the samples that follow. What is made of an object is kept as long as the object. */
  labels(shared: object): void;
  value(value: number): void;
  /** A sample with one label more, whose values are few: the code itself names them. */
  labelled(name: string, label: string | number, value: number): void;
  histogram(reading: HistogramReading): void;
  end(): void;
}

/** A metric by all its label sets. */
export interface Family extends FamilyHead {
  /** Yields where a pause does no harm: what belongs together has been read. */
  readonly write: (scrape: Scrape, out: SampleWriter) => Iterable<void>;
}

/** A family that is read from item to item: versions, workers. */
export function family<T>(
  head: FamilyHead,
  items: (scrape: Scrape) => Iterable<T>,
  writeItem: (item: T, out: SampleWriter) => void,
): Family {
  return {
    ...head,
    *write(scrape, out) {
      for (const item of items(scrape)) {
        writeItem(item, out);
        yield;
      }
    },
  };
}
