import type { ExplainedVersion, Explanation, Outcome } from './explain.ts';

/** An explanation as text for a terminal: what was asked, which rules were tried, what answers and what would. */
export function formatExplanation(explanation: Explanation): string {
  const { request, route, rules, outcomes, because } = explanation;
  const lines = [`request   ${request.method} ${request.host}${request.path}`];
  for (const [name, value] of request.headers) lines.push(`          ${name}: ${value}`);
  if (route === null) {
    lines.push('route     none takes this host and path', 'answer    404');
    return `${lines.join('\n')}\n`;
  }
  lines.push(`route     ${route.name}: ${hostsOf(route.hosts)}, path ${route.path}`);
  for (const [index, { label, condition, to, result, why }] of rules.entries()) {
    lines.push(`rule ${String(index + 1).padEnd(4)} ${result}: ${condition} -> ${to} [${label}]; ${why}`);
  }
  const matched = rules.findIndex(({ result }) => result === 'matched');
  lines.push(`decided   ${matched === -1 ? byWeight(outcomes, rules.length) : `by rule ${matched + 1}`}`);
  if (matched === -1 && because !== null) lines.push(`because   ${because}`);
  if (outcomes.length === 0) lines.push('answer    503: there is no version to answer');
  for (const outcome of outcomes) lines.push(...outcomeLines(outcome, outcomes.length > 1));
  return `${lines.join('\n')}\n`;
}

function hostsOf(hosts: readonly string[]): string {
  return hosts.length === 0 ? 'any host' : hosts.join(', ');
}

function byWeight(outcomes: readonly Outcome[], rules: number): string {
  const shares = outcomes.map(({ chosen, percent }) => `${chosen.role} ${percentText(percent)}`).join(', ');
  const why = rules === 0 ? '' : ', as no rule matched';
  return `by weight${why}${shares === '' ? '; no version has a share' : `: ${shares}`}`;
}

function outcomeLines({ percent, chosen, served, fallback, otherwise }: Outcome, several: boolean): string[] {
  const share = several ? `${percentText(percent)} ` : '';
  const lines = [`version   ${share}${describe(chosen)}`];
  if (fallback !== null) lines.push(`fallback  from ${fallback.from} to ${fallback.to}: ${fallback.reason}`);
  if (served === null) lines.push('answer    503: nobody is usable');
  else if (served.key !== chosen.key) lines.push(`answer    ${describe(served)}`);
  else lines.push(`          without it: ${otherwise[0] === undefined ? '503' : describe(otherwise[0])}`);
  return lines;
}

function describe({ role, key, endpoints }: ExplainedVersion): string {
  const shown = endpoints.slice(0, 3).join(', ');
  const more = endpoints.length > 3 ? ` and ${endpoints.length - 3} more` : '';
  return `${role} (${key}), ${endpoints.length === 0 ? 'no usable endpoint' : `at ${shown}${more}`}`;
}

function percentText(percent: number): string {
  return `${Number(percent.toFixed(2))}%`;
}
