import { writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { makeCertificate } from './certificate.ts';
import { Children, freePorts } from './children.ts';
import { startObserver } from './observer.ts';
import type { Product } from './peers/peer.ts';
import { PEERS } from './peers.ts';
import { targetTable } from './report.ts';
import { requirements } from './requirements.ts';
import { benchVersions } from './routing.ts';
import type { Section, SectionResult, Setting } from './section.ts';
import { SECTIONS } from './sections.ts';
import { startUpstream } from './upstream.ts';

/** Headgate beside others that do the same work, in one run. See README.md. */

let interrupted = false;

const USAGE = `Usage: node bench/run.ts [--only ${namesOf(SECTIONS)}] [--peers ${namesOf(PEERS)}] [--rounds 5] [--seconds 2] [--write]
--workloads is another word for --only.`;

interface Options {
  readonly sections: readonly Section[];
  readonly peers: readonly Product[];
  readonly rounds: number;
  readonly seconds: number;
  readonly write: boolean;
}

/** A section of the report that has been measured. */
type Written = SectionResult & { readonly title: string };

async function main(): Promise<void> {
  const options = readOptions();
  if (options === null) return console.log(USAGE);
  const programs = requirements(options.peers);
  const children = new Children();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      interrupted = true;
      void children.close().finally(() => process.exit(130));
    });
  }
  try {
    const setting = await prepare(children, options);
    const sections: Written[] = [];
    for (const section of options.sections) {
      const result = await measured(section, setting);
      console.log(`\n## ${section.title}\n\n${result.markdown}\n`);
      sections.push({ title: section.title, ...result });
    }
    const page = resultsPage(sections, options, programs);
    console.log(targetTable(sections.flatMap(({ targets }) => targets)));
    if (options.write) writeFileSync(new URL('RESULTS.md', import.meta.url), page);
    if (sections.some(({ failures }) => failures.length > 0)) process.exitCode = 1;
  } finally {
    await children.close();
  }
}

/** A section that fails takes nothing from those that took half an hour. @throws when the run was interrupted */
async function measured(section: Section, setting: Setting): Promise<SectionResult> {
  try {
    return await section.run(setting);
  } catch (error) {
    if (interrupted) throw error;
    console.error(error);
    const why = `Not measured: ${error instanceof Error ? error.message : String(error)}`;
    return { markdown: why, targets: [], failures: [why] };
  }
}

async function prepare(children: Children, { peers, rounds, seconds }: Options): Promise<Setting> {
  const versions = benchVersions(await freePorts(6));
  const certificate = await makeCertificate(children);
  const { port } = await startObserver();
  await startUpstream(children, versions, port);
  return { children, versions, certificate, peers, rounds, seconds };
}

/** Null: only the usage was asked for. */
function readOptions(): Options | null {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '2' },
      only: { type: 'string' },
      workloads: { type: 'string' },
      peers: { type: 'string' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  if (![rounds, seconds].every((count) => Number.isInteger(count) && count > 0)) throw new Error(USAGE);
  const sections = chosen(SECTIONS, values.only ?? values.workloads, 'section');
  const peers = chosen(PEERS, values.peers, 'peer');
  return { sections, peers, rounds, seconds, write: values.write };
}

/** All, or those that are named, in the order of the list. */
function chosen<T extends { readonly name: string }>(
  all: readonly T[],
  names: string | undefined,
  kind: string,
): readonly T[] {
  if (names === undefined) return all;
  const wanted = names.split(',');
  const unknown = wanted.filter((name) => !all.some((one) => one.name === name));
  if (unknown.length > 0) throw new Error(`no such ${kind}: ${unknown.join(', ')}\n${USAGE}`);
  return all.filter(({ name }) => wanted.includes(name));
}

function resultsPage(sections: readonly Written[], options: Options, programs: readonly string[]): string {
  const { rounds, seconds, peers } = options;
  const only = options.sections.length === SECTIONS.length ? '' : ` --only ${namesOf(options.sections)}`;
  const command = `npm run bench -- --rounds ${rounds} --seconds ${seconds} --peers ${namesOf(peers)}${only} --write`;
  const parts = sections.map(({ title, markdown }) => `## ${title}\n\n${markdown}`);
  return `# Results

Written by \`${command}\`; README.md says what is measured.

- ${new Date().toISOString().slice(0, 10)}; Linux ${release()}; ${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}
- ${programs.join('; ')}
- ${rounds} interleaved rounds of ${seconds} s: median (least-greatest)

## Targets

${targetTable(sections.flatMap(({ targets }) => targets))}

${parts.join('\n\n')}
`;
}

function namesOf(all: readonly { readonly name: string }[]): string {
  return all.map(({ name }) => name).join(',');
}

try {
  await main();
} catch (error) {
  // What was ended on purpose is no news.
  if (!interrupted) console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
