import { z } from 'zod';
import { type VersionId, versionKey } from '../telemetry/version-id.ts';
import type { Recorder } from './recorder.ts';

/*
 * What replicas ask each other: `GET /api/analysis/blocks?route=&candidate=&baseline=&from=&window=&after=`, versions as
 * `namespace/rollout/experiment/version`. The answer has the blocks that who asks does not have yet.
 */

/** Changes with the meaning of an answer, with the bins of durations for example. */
export const PROTOCOL = 1;

export const BLOCKS_PATH = '/api/analysis/blocks';

/** What one replica has recorded. */
export interface PeerAnswer {
  readonly protocol: number;
  /** Headgate's version. */
  readonly headgate: string;
  /** Of the process: a new one has another. */
  readonly instance: string;
  /** Null: the candidate has had no traffic there. */
  readonly window: {
    readonly id: number;
    /** Milliseconds since it began. */
    readonly age: number;
    /** How many blocks were left out, because who asks has them. */
    readonly after: number;
    /** In the order of their ends. */
    readonly blocks: readonly (readonly [endedAgo: number, samples: string])[];
  } | null;
}

/** Of other versions no more than this need be right. */
const word = z.string().max(100);
const header = z.object({ protocol: z.number(), headgate: word, instance: word });
/** Of milliseconds: beyond some 300 years a date could not be made of it. */
const ago = z.number().nonnegative().max(1e13);
const count = z.number().int().nonnegative();
const answer = header.extend({
  window: z
    .object({
      id: count,
      age: ago,
      after: count,
      blocks: z.array(z.tuple([ago, z.base64()])).max(10_000),
    })
    .nullable(),
});

/** A string says why it cannot be used. */
export function parsePeerAnswer(text: string): PeerAnswer | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'its answer is no JSON';
  }
  const known = header.safeParse(value);
  if (!known.success) return 'its answer is none of a Headgate';
  if (known.data.protocol !== PROTOCOL) {
    return `it is Headgate ${known.data.headgate}, whose counts this one cannot read: run one version`;
  }
  const parsed = answer.safeParse(value);
  return parsed.success ? parsed.data : 'its answer is broken';
}

/** The question of this replica to another one. */
export function blocksQuery(
  candidate: VersionId,
  baseline: VersionId,
  own: string,
  known: { readonly window: string; readonly after: number } | null,
): string {
  const query = new URLSearchParams({
    route: candidate.route,
    candidate: written(candidate),
    baseline: written(baseline),
    from: own,
  });
  if (known !== null) {
    query.set('window', known.window);
    query.set('after', String(known.after));
  }
  return query.toString();
}

/** What a window is called between replicas. */
export function windowName(instance: string, id: number): string {
  return `${instance}:${id}`;
}

export interface Replica {
  readonly instance: string;
  readonly headgate: string;
  readonly recorder: Recorder;
  /** Milliseconds of the recorder's clock. */
  readonly now: () => number;
}

/** This replica's answer to another one; a string says what is wrong with the question. */
export function answerPeer(
  query: URLSearchParams,
  { instance, headgate, recorder, now }: Replica,
): PeerAnswer | string {
  const route = query.get('route') ?? '';
  const candidate = parseVersion(route, query.get('candidate'));
  const baseline = parseVersion(route, query.get('baseline'));
  if (candidate === null || baseline === null)
    return 'candidate and baseline must be NAMESPACE/ROLLOUT/EXPERIMENT/VERSION';
  const own = { protocol: PROTOCOL, headgate, instance };
  const window = recorder.window(versionKey(candidate));
  if (window === null || query.get('from') === instance) return { ...own, window: null };
  const known = query.get('window') === windowName(instance, window.id);
  const asked = Number(query.get('after'));
  const after = known && Number.isInteger(asked) && asked > 0 ? Math.min(asked, window.blocks.length) : 0;
  const at = now();
  const blocks = window.packedPairs(versionKey(candidate), versionKey(baseline), after);
  return {
    ...own,
    window: {
      id: window.id,
      age: at - window.start,
      after,
      blocks: blocks.map(({ end, samples }) => [at - end, Buffer.from(samples).toString('base64')] as const),
    },
  };
}

function written({ namespace, rollout, experiment, version }: VersionId): string {
  return [namespace, rollout, experiment, version].join('/');
}

function parseVersion(route: string, text: string | null): VersionId | null {
  const [namespace, rollout, experiment, version, ...rest] = text?.split('/') ?? [];
  if (namespace === undefined || rollout === undefined || experiment === undefined) return null;
  return version === undefined || version === '' || rest.length > 0
    ? null
    : { route, namespace, rollout, experiment, version };
}
