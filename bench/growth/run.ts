// What growth costs a request. See README.md.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { Children } from '../children.ts';
import { CASES } from './cases.ts';
import { CHANGING, changesStudy } from './changes-study.ts';
import { startAnywhere } from './gateways.ts';
import { microStudy } from './micro-study.ts';
import { changesTable, microTable, steadyTable } from './report.ts';
import { STEADY, steadyStudy } from './steady-study.ts';

const RESULTS = new URL('RESULTS.md', import.meta.url);
const PARTS = {
  choosing: 'Choosing: nanoseconds a request',
  steady: 'Whole requests: CPU microseconds beside the smallest',
  changes: 'While things change',
};

const { values } = parseArgs({
  options: {
    part: { type: 'string', default: Object.keys(PARTS).join(',') },
    only: { type: 'string', default: '' },
    repeats: { type: 'string', default: '60' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    write: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  const [repeats, rounds, seconds] = [values.repeats, values.rounds, values.seconds].map(Number);
  const parts = new Map<string, string>();
  const add = (title: string, times: string, table: string): void => {
    const part = `## ${title}\n\n${how(times)}\n\n${table}`;
    parts.set(title, part);
    console.log(`\n${part}`);
  };
  const wanted = values.part.split(',');
  if (wanted.includes('choosing')) {
    add(PARTS.choosing, `${repeats} samples`, microTable(asked(CASES).map((one) => microStudy(one, repeats ?? 0))));
  }
  if (wanted.includes('steady') || wanted.includes('changes')) {
    const spreads = `${rounds} rounds of ${seconds} s: median (least-greatest)`;
    const children = new Children();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => void children.close().finally(() => process.exit(130)));
    }
    try {
      const upstream = await startAnywhere(children);
      const steady = [];
      for (const one of wanted.includes('steady') ? asked(STEADY) : []) {
        steady.push(await steadyStudy(children, one, upstream, rounds ?? 0, seconds ?? 0));
      }
      if (steady.length > 0) add(PARTS.steady, spreads, steadyTable(steady));
      const changes = [];
      for (const one of wanted.includes('changes') ? asked(CHANGING) : []) {
        changes.push(await changesStudy(children, one, upstream, rounds ?? 0, seconds ?? 0));
      }
      if (changes.length > 0) add(PARTS.changes, spreads, changesTable(changes));
    } finally {
      await children.close();
    }
  }
  if (values.write) writeFileSync(RESULTS, page(parts));
}

/** The cases whose name has the words of `--only`. */
function asked<C extends { readonly name: string }>(cases: readonly C[]): readonly C[] {
  return cases.filter(({ name }) => name.includes(values.only));
}

/** The page with these parts, and those of the page before that were not measured again. */
function page(measured: ReadonlyMap<string, string>): string {
  const before = existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8') : '';
  const parts = Object.values(PARTS).flatMap((title) => {
    const kept = before.split(/^(?=## )/m).find((part) => part.startsWith(`## ${title}\n`));
    return measured.get(title) ?? kept?.trim() ?? [];
  });
  return `# Growth

Written by \`npm run bench:growth -- --write\`, some parts alone; README.md says what is measured.

${parts.join('\n\n')}
`;
}

/** On what, and how often: said in each part, for each can be measured alone. */
function how(times: string): string {
  const today = new Date().toISOString().slice(0, 10);
  const machine = `Linux ${release()}, ${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}`;
  return `${today}; ${machine}; Node.js ${process.versions.node}; ${times}.`;
}

await main();
