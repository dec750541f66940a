import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';

export interface Question {
  /** Port of `/api/analysis` on 127.0.0.1. */
  readonly adminPort: number;
  readonly rollout: string;
  /** Hashes. */
  readonly canary: string;
  readonly stable: string;
}

/**
 * Asks again and again, as an AnalysisRun of config/analysis/headgate-verdict.yaml does, until the verdict is that the canary
 * fails.
 * @param everyMs how long it waits before each question
 * @returns the verdict's reason
 * @throws AbortError when `signal` ends it
 */
export async function failedVerdict(question: Question, everyMs: number, signal: AbortSignal): Promise<string> {
  const { adminPort, rollout, canary, stable } = question;
  const query = new URLSearchParams({ rollout, candidate: canary, baseline: stable }).toString();
  for (;;) {
    await sleep(everyMs, undefined, { signal });
    const reason = reasonOfFailure(await answer(`http://127.0.0.1:${adminPort}/api/analysis?${query}`, signal));
    if (reason !== null) return reason;
  }
}

/** No answer, or one that is no verdict, is asked for again: to Argo it would be an error of the measurement. */
async function answer(url: string, signal: AbortSignal): Promise<unknown> {
  try {
    const { statusCode, body } = await request(url, { signal });
    const text = await body.text();
    return statusCode === 200 ? JSON.parse(text) : null;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error) return null;
    throw error;
  }
}

function reasonOfFailure(answered: unknown): string | null {
  if (typeof answered !== 'object' || answered === null || !('verdict' in answered)) return null;
  if (answered.verdict !== 'fail') return null;
  return 'reason' in answered ? String(answered.reason) : 'no reason was given';
}
