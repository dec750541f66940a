import type { ClosedLoop, Failure } from './closed-loop.ts';
import type { Context } from './scenario.ts';

/** What every closed loop is judged by. `allowed` takes the failures that the scenario accounts for itself. */
export function judgeLoop(context: Context, loop: ClosedLoop, allowed: readonly Failure[] = []): void {
  const failures = loop.failures.filter((failure) => !allowed.includes(failure));
  context.figure('requests answered', String(loop.answered));
  context.figure('requests failed', String(loop.failures.length));
  context.figure('repeated by the client', String(loop.repeated));
  context.check('no request failed', failures.length === 0, tally(failures));
  context.check('no byte came unasked', loop.surprises.length === 0, loop.surprises.slice(0, 3).join('; '));
  // Far below what any machine does: a load that hardly was one proves nothing.
  const least = 50 * context.seconds;
  context.check('the load was one', loop.answered >= least, `${loop.answered} answers in ${context.seconds} s`);
}

/** How often each kind came, the most frequent first. */
export function tally(failures: readonly Failure[]): string {
  const counts = new Map<string, number>();
  for (const { method, what } of failures) {
    const kind = `${method}: ${what}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 6)
    .map(([kind, count]) => `${count} x ${kind}`)
    .join('; ');
}
