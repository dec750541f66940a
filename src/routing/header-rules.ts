import type { Candidate, Live, RequestView } from './match.ts';
import { compileRegex } from './regex.ts';
import { Spread } from './spread.ts';
import type { ExperimentHeader, HeaderRule, Route, Target } from './table.ts';

/** The header rules of a route in order of precedence, the experiment header last. */
export class HeaderRules<L extends Live> {
  readonly #rules: readonly LoadedRule<L>[];
  readonly #experiments: LoadedExperiments<L> | null;

  /** @param candidates those of `route.versions`, in the same order. */
  constructor(route: Route, candidates: readonly Candidate<L>[]) {
    this.#rules = route.rules.map((rule) => new LoadedRule(rule, candidates));
    this.#experiments = route.experiments === null ? null : new LoadedExperiments(route.experiments, candidates);
  }

  /** Where the first rule that matches leads; null: none does. */
  find(view: RequestView): LoadedTarget<L> | null {
    for (let i = 0; i < this.#rules.length; i += 1) {
      const rule = this.#rules[i];
      if (rule?.matches(view)) return rule.target;
    }
    return this.#experiments?.find(view) ?? null;
  }
}

/** A header rule on bytes: a field that no rule names is never looked at. */
class LoadedRule<L extends Live> {
  readonly target: LoadedTarget<L>;
  readonly #name: Buffer;
  readonly #kind: 'exact' | 'prefix' | 'regex' | 'present';
  readonly #value: Buffer;
  readonly #regex: ((value: string) => boolean) | null;

  constructor(rule: HeaderRule, candidates: readonly Candidate<L>[]) {
    this.target = new LoadedTarget(rule.target, rule.label, candidates);
    this.#name = Buffer.from(rule.header, 'latin1');
    this.#kind = rule.match.kind;
    this.#value = Buffer.from(rule.match.kind === 'present' ? '' : rule.match.value, 'utf8');
    this.#regex = rule.match.kind === 'regex' ? compileRegex(rule.match.value) : null;
  }

  /** True when any field of that name matches. */
  matches(view: RequestView): boolean {
    for (let i = view.findField(this.#name, 0); i >= 0; i = view.findField(this.#name, i + 1)) {
      if (this.#matchesValue(view.bytes, view.fieldStart(i), view.fieldEnd(i))) return true;
    }
    return false;
  }

  #matchesValue(bytes: Buffer, start: number, end: number): boolean {
    if (this.#kind === 'present') return true;
    if (this.#regex !== null) return this.#regex(bytes.toString('utf8', start, end));
    const value = this.#value;
    const length = end - start;
    if (this.#kind === 'exact' ? length !== value.length : length < value.length) return false;
    for (let i = 0; i < value.length; i += 1) {
      if (bytes[start + i] !== value[i]) return false;
    }
    return true;
  }
}

class LoadedExperiments<L extends Live> {
  readonly #name: Buffer;
  readonly #targets: ReadonlyMap<string, LoadedTarget<L>>;
  /** Bytes: no string is made of a value that cannot be listed. */
  readonly #longest: number;

  constructor(experiments: ExperimentHeader, candidates: readonly Candidate<L>[]) {
    this.#name = Buffer.from(experiments.header, 'latin1');
    this.#targets = new Map(
      experiments.values.map(([value, target]) => [
        value,
        new LoadedTarget(target, `experiment:${target.asked}`, candidates),
      ]),
    );
    this.#longest = experiments.values.reduce((longest, [value]) => Math.max(longest, Buffer.byteLength(value)), 0);
  }

  find(view: RequestView): LoadedTarget<L> | null {
    for (let i = view.findField(this.#name, 0); i >= 0; i = view.findField(this.#name, i + 1)) {
      const start = view.fieldStart(i);
      const end = view.fieldEnd(i);
      if (end - start > this.#longest) continue;
      const target = this.#targets.get(view.bytes.toString('utf8', start, end));
      if (target !== undefined) return target;
    }
    return null;
  }
}

/** Where a rule leads, in a loaded table. */
class LoadedTarget<L extends Live> {
  readonly target: Target;
  readonly label: string;
  readonly #candidates: readonly Candidate<L>[];
  readonly #turns: Spread;

  constructor(target: Target, label: string, candidates: readonly Candidate<L>[]) {
    this.target = target;
    this.label = label;
    this.#candidates = target.versions.flatMap((index) => candidates[index] ?? []);
    this.#turns = new Spread(this.#candidates.map((_, version) => ({ version, weight: 1 })));
  }

  /** Several versions take turns, those that cannot answer left out while another can. Null: there is none at all. */
  next(): Candidate<L> | null {
    const candidates = this.#candidates;
    const first = candidates[0] ?? null;
    if (candidates.length < 2) return first;
    const drawn = candidates[this.#turns.next()];
    if (drawn?.live.usable) return drawn;
    // Its turns are drawn among the others: given to its neighbour, they would make that one count double.
    let usable = 0;
    for (const candidate of candidates) if (candidate.live.usable) usable += 1;
    let place = Math.floor(Math.random() * usable);
    for (const candidate of candidates) {
      if (!candidate.live.usable) continue;
      if (place === 0) return candidate;
      place -= 1;
    }
    return candidates.find(({ live }) => live.listed) ?? first;
  }
}
