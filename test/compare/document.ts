import type { CaseGroup } from './compare-case.ts';
import type { Judged } from './judge.ts';
import { LAXER } from './reasons.ts';
import { REQUEST_GROUPS } from './request-groups.ts';
import { RESPONSE_GROUPS } from './response-groups.ts';
import type { Verdict } from './verdict.ts';

/** One proxy's column. */
export interface Column {
  readonly name: string;
  readonly version: string;
  readonly judged: Judged;
}

interface Row {
  readonly name: string;
  readonly verdicts: readonly Verdict[];
}

/** docs/conformance.md; the first column is Headgate's. */
export function conformanceDocument(columns: readonly Column[]): string {
  const requests = columns.map(({ judged }) => judged.requests);
  const responses = columns.map(({ judged }) => judged.responses);
  const others = columns.slice(1).map(({ name, version }) => `${name} ${version}`);
  return `# What Headgate accepts, and what nginx and HAProxy do

Written by \`npm run compare -- --write\`; do not edit. The same raw bytes went to each of them, in front of the same upstream, which
records what it gets and reads it strictly. ${others.join(' and ')}, with their defaults but for HTTP/1.1 to the upstream and
unbuffered requests (nginx). \`npm test\` replays Headgate's column.

- Each request is followed by a second one, the sentinel. A status of 400 or more: the proxy refused the request, and closed;
  nothing of it reached the upstream unless said otherwise. Headgate's reason stands behind its status.
- 200: one whole message reached the upstream, and the sentinel had its own answer. What follows is what the upstream saw otherwise than
  it was sent: a line in another form, \`drops\` a field, \`length 5\` or \`chunked\` for another framing, \`with\` extensions or
  trailers, \`then\` what else came of the bytes behind it. \`closes\`: the sentinel was not answered.
- Responses are what a misbehaving upstream sends to a GET: 502 or \`cut\` where the client cannot take it for a whole answer.

| | ${columns.map(({ name }) => name).join(' | ')} |
|---|${columns.map(() => '---|').join('')}
| requests refused, of ${requests[0]?.length ?? 0} | ${requests.map(refused).join(' | ')} |
| responses refused, of ${responses[0]?.length ?? 0} | ${responses.map(refused).join(' | ')} |

## Requests
${sections(REQUEST_GROUPS, columns, requests)}
## Responses
${sections(RESPONSE_GROUPS, columns, responses)}`;
}

/** What is wrong with the reasons: a laxer place without one, a reason that nobody needs. */
export function reasonMistakes(columns: readonly Column[]): string[] {
  const laxer = new Set([
    ...laxerCases(
      REQUEST_GROUPS,
      columns.map(({ judged }) => judged.requests),
    ),
    ...laxerCases(
      RESPONSE_GROUPS,
      columns.map(({ judged }) => judged.responses),
    ),
  ]);
  const missing = [...laxer].filter((name) => !LAXER.has(name)).map((name) => `laxer without a reason: ${name}`);
  const idle = [...LAXER.keys()]
    .filter((name) => !laxer.has(name))
    .map((name) => `not laxer, but has a reason: ${name}`);
  return [...missing, ...idle];
}

/** The start of each row of the table: its case and Headgate's cell. */
export function headgateRows({ requests, responses }: Judged): string[] {
  return [...rowsOf(REQUEST_GROUPS, [requests]), ...rowsOf(RESPONSE_GROUPS, [responses])].map(
    ({ name, verdicts }) => `| ${cell(name)} | ${cell(verdicts[0]?.text ?? '')} |`,
  );
}

function sections(
  groups: readonly CaseGroup[],
  columns: readonly Column[],
  verdicts: readonly (readonly Verdict[])[],
): string {
  const rows = rowsOf(groups, verdicts);
  let text = '';
  for (const { title, cases } of groups) {
    text += `\n### ${title}\n\n| Case | ${columns.map(({ name }) => name).join(' | ')} |\n|---|${columns.map(() => '---|').join('')}\n`;
    const own = rows.splice(0, cases.length);
    for (const row of own)
      text += `| ${[row.name, ...row.verdicts.map((verdict) => verdict.text)].map(cell).join(' | ')} |\n`;
    const reasons = new Map<string, string[]>();
    for (const row of own.filter(isLaxer)) {
      const why = LAXER.get(row.name) ?? 'no reason';
      reasons.set(why, [...(reasons.get(why) ?? []), row.name]);
    }
    if (reasons.size > 0) text += '\nWhere Headgate is laxer than the strictest:\n\n';
    for (const [why, names] of reasons) text += `- *${names.join('; ')}*: ${why}\n`;
  }
  return text;
}

function laxerCases(groups: readonly CaseGroup[], verdicts: readonly (readonly Verdict[])[]): string[] {
  return rowsOf(groups, verdicts)
    .filter(isLaxer)
    .map(({ name }) => name);
}

/** It accepts what another refuses, or passes on a field that another drops. */
function isLaxer({ verdicts }: Row): boolean {
  const [own, ...others] = verdicts;
  if (own?.accepted !== true) return false;
  const kept = (other: Verdict): boolean => dropped(other).every((field) => own.text.includes(field));
  return others.some((other) => !other.accepted || !kept(other));
}

function dropped({ text }: Verdict): string[] {
  return text.match(/drops `[^`]*`/g) ?? [];
}

function rowsOf(groups: readonly CaseGroup[], verdicts: readonly (readonly Verdict[])[]): Row[] {
  return groups
    .flatMap(({ cases }) => cases)
    .map(({ name }, index) => ({
      name,
      verdicts: verdicts.map((column) => column[index] ?? { accepted: false, text: '' }),
    }));
}

function refused(verdicts: readonly Verdict[]): number {
  return verdicts.filter(({ accepted }) => !accepted).length;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
