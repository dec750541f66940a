// What growth costs a request. See README.md.
import { writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { CASES } from './cases.ts';
import { microStudy } from './micro-study.ts';
import { microTable } from './report.ts';

const { values } = parseArgs({
  options: {
    repeats: { type: 'string', default: '60' },
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
});

const cases = CASES.filter(({ name }) => name.includes(values.only));
const choosing = microTable(cases.map((one) => microStudy(one, Number(values.repeats))));
console.log(choosing);
if (values.write) {
  const page = `# Growth

Written by \`npm run bench:growth -- --write\`; README.md says what is measured.

- ${new Date().toISOString().slice(0, 10)}; Linux ${release()}; ${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}; Node.js ${process.versions.node}

## Choosing

${choosing}
`;
  writeFileSync(new URL('RESULTS.md', import.meta.url), page);
}
