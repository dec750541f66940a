import { PROXY_CORE } from './cores.ts';
import { collections, pausesList, pauseTarget } from './gc-trace.ts';
import { startTraced, whileScraped } from './headgate-process.ts';
import { makeLoad } from './load.ts';
import { measure } from './measure.ts';
import type { Section, SectionResult, Setting } from './section.ts';
import { GET } from './workloads.ts';

/** How long Headgate stands still to collect garbage when it has all that it can do. */
export const pausesSection: Section = { name: 'pauses', title: 'Pauses for garbage under full load', run };

const WARM_UP_SECONDS = 2;
const SECONDS = 60;

async function run({ children, versions }: Setting): Promise<SectionResult> {
  const headgate = await startTraced(children, { versions, tls: null, workers: 1, cores: [PROXY_CORE] });
  const load = makeLoad(children, GET);
  await measure(headgate, load, WARM_UP_SECONDS);
  const startUp = headgate.child.output().length;
  const { requestsPerSecond } = await whileScraped(headgate, () => measure(headgate, load, SECONDS));
  const pauses = collections(headgate.child.output(), startUp);
  await children.end(headgate.child);
  const markdown = `${SECONDS} s of GET from ${GET.connections} connections, ${Math.round(requestsPerSecond)} requests/s, metrics scraped every 5 s.

${pausesList(pauses, SECONDS)}`;
  return { markdown, targets: [pauseTarget('under full load', pauses)], failures: [] };
}
