import type { Verdict } from './verdict.ts';

const MOST = 1_000;

/** Verdicts by question: whoever asks again before there is another block gets the one before. */
export class VerdictCache {
  readonly #verdicts = new Map<string, { readonly state: string; readonly verdict: Verdict }>();

  /** @param state of what was recorded: with another one it is judged anew */
  get(question: string, state: string, judge: () => Verdict): Verdict {
    const known = this.#verdicts.get(question);
    if (known?.state === state) return known.verdict;
    const verdict = judge();
    // The one that was judged longest ago goes first.
    this.#verdicts.delete(question);
    this.#verdicts.set(question, { state, verdict });
    for (const oldest of this.#verdicts.keys()) {
      if (this.#verdicts.size <= MOST) break;
      this.#verdicts.delete(oldest);
    }
    return verdict;
  }
}
