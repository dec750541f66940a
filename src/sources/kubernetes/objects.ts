import { asRecord } from '../../common/records.ts';
import { GarbledError } from './garbled-error.ts';

/** What is read of an object itself; the rest is the model's business. */
export interface Head {
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
}

/** What a list says of itself. */
export interface ListHead {
  /** '' at the last page. */
  readonly next: string;
  /** Of the list as a whole: where a watch begins. */
  readonly resourceVersion: string;
}

/** @throws GarbledError when it is no object of the API */
export function headOf(object: unknown): Head {
  const { name, namespace, resourceVersion } = asRecord(asRecord(object)['metadata']);
  if (typeof resourceVersion !== 'string' || resourceVersion === '') {
    throw new GarbledError('an object has no metadata.resourceVersion');
  }
  return { namespace: asText(namespace), name: asText(name), resourceVersion };
}

/** @throws GarbledError when it is no list */
export function listHeadOf(list: unknown): ListHead {
  const { resourceVersion, continue: next } = asRecord(asRecord(list)['metadata']);
  if (typeof resourceVersion !== 'string' || resourceVersion === '') {
    throw new GarbledError('the answer is no list of Kubernetes objects');
  }
  return { next: asText(next), resourceVersion };
}

export interface Event {
  readonly type: string;
  readonly object: unknown;
}

/** @throws GarbledError when it is no event of a watch */
export function parseEvent(line: string): Event {
  const { type, object } = asRecord(parseJson(line));
  if (typeof type !== 'string') throw new GarbledError('an event of the watch has no type');
  return { type, object };
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    // V8's message quotes the text, which is the cluster's and not for a log.
    throw new GarbledError('an event of the watch is not valid JSON');
  }
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
