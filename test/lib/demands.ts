/** What a scenario of a slow suite asks for, told line by line and counted. */
export class Demands {
  readonly name: string;
  readonly failed: string[] = [];
  passed = 0;
  readonly #begin = performance.now();

  constructor(name: string) {
    this.name = name;
  }

  /** Since it began. */
  get seconds(): number {
    return (performance.now() - this.#begin) / 1000;
  }

  readonly say = (text: string): void => console.log(`[${this.seconds.toFixed(1)}] ${this.name}: ${text}`);

  /** A demand, as a sentence; it is counted as one test. `found`: what was seen where it is not met. */
  readonly check = (sentence: string, holds: boolean, found = ''): void => {
    if (holds) this.passed += 1;
    else this.failed.push(`${sentence}: ${found}`);
    console.log(`${holds ? 'ok' : 'not ok'} - ${this.name}: ${sentence}${holds ? '' : `: ${found}`}`);
  };

  /** The scenario itself: that it comes to its end is a demand, too. */
  async of(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      const found = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.check('the scenario came to its end', false, found);
    }
  }
}

export interface DemandCounts {
  readonly name: string;
  readonly passed: number;
  readonly failed: readonly string[];
}

/** Tells again what failed, and closes with `N passed, N failed`. @returns the suite's exit status */
export function conclude(all: readonly DemandCounts[]): number {
  const passed = all.reduce((sum, one) => sum + one.passed, 0);
  const failed = all.reduce((sum, one) => sum + one.failed.length, 0);
  for (const { name, failed: unmet } of all) for (const what of unmet) console.log(`not ok ${name}: ${what}`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}
