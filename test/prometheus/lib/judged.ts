import { setTimeout as sleep } from 'node:timers/promises';
import { type AnalysisTemplate, analysisTemplates } from './analysis-templates.ts';
import { Measure, type Measurement } from './measure.ts';
import type { Context } from './scenario.ts';

/** The templates of config/analysis, and what they say when they are asked by the controller's own code. */
export class Judged {
  readonly templates: ReadonlyMap<string, AnalysisTemplate>;
  readonly #context: Context;
  readonly #measure: Measure;
  readonly #args: Readonly<Record<string, string>>;

  private constructor(context: Context, measure: Measure, args: Readonly<Record<string, string>>) {
    this.#context = context;
    this.#measure = measure;
    this.#args = args;
    this.templates = analysisTemplates();
  }

  /** @param args of every measurement, unless it has others */
  static async by(context: Context, args: Readonly<Record<string, string>>): Promise<Judged> {
    return new Judged(context, await Measure.build(), args);
  }

  /** One measurement of each template, which are taken together as in one AnalysisRun. */
  async take(names: readonly string[], args: Readonly<Record<string, string>> = {}): Promise<readonly Measurement[]> {
    const chosen = names.map((name) => {
      const template = this.templates.get(name);
      if (template === undefined) throw new Error(`config/analysis has no template ${name}`);
      return template;
    });
    return this.#measure.take(chosen, { ...this.#args, ...args });
  }

  /** Asks again every second, as long as every measurement is inconclusive. @param seconds at most */
  async decide(
    names: readonly string[],
    args: Readonly<Record<string, string>>,
    seconds: number,
  ): Promise<readonly Measurement[]> {
    const deadline = performance.now() + seconds * 1000;
    for (;;) {
      const found = await this.take(names, args);
      if (found.some(({ phase }) => phase !== 'Inconclusive') || performance.now() > deadline) return found;
      await sleep(1000);
    }
  }

  /** A demand for each metric: the phase that it has to have, by its name. */
  async expect(
    when: string,
    names: readonly string[],
    expected: Readonly<Record<string, string>>,
    args: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const found = await this.take(names, args);
    this.#context.say(`${when}: ${found.map(described).join('; ')}`);
    for (const [metric, phase] of Object.entries(expected)) {
      const one = found.find((measurement) => measurement.metric === metric);
      this.#context.check(
        `${when}: ${metric} is ${phase}`,
        one?.phase === phase,
        one ? described(one) : 'not measured',
      );
    }
  }
}

/** The same phase for each of these metrics. */
export function phases(metrics: readonly string[], phase: string): Record<string, string> {
  return Object.fromEntries(metrics.map((metric) => [metric, phase]));
}

function described({ metric, phase, value, message }: Measurement): string {
  return `${metric} ${phase} ${value}${message === '' ? '' : ` (${message})`}`;
}
