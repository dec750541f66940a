import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Child } from './children.ts';
import { LOAD_CORE, PROXY_CORE } from './cores.ts';
import { table } from './report.ts';
import type { Section, SectionResult, Setting, TargetRow } from './section.ts';

/** Resident memory with many connections. */
export const memorySection: Section = { name: 'memory', title: 'Resident memory with 1,000 connections', run };

const CLIENT = fileURLToPath(new URL('clients/many-connections.ts', import.meta.url));
const CONNECTIONS = 1_000;
const FEW = 16;
const SECONDS = 10;
const PEERS = ['headgate', 'nginx', 'haproxy', 'envoy', 'undici', 'http-proxy', 'relay'];
/** MB of 1,000,000 bytes. */
const MOST_MB = 90;
/** What many-connections.ts prints at the end of each phase. */
const PHASES = ['few', 'all', 'none'] as const;

async function run(setting: Setting): Promise<SectionResult> {
  const rows: string[][] = [];
  const targets: TargetRow[] = [];
  for (const product of setting.peers.filter(({ name }) => PEERS.includes(name))) {
    const { children, versions } = setting;
    const { child, pid, port } = await product.start(children, {
      versions,
      tls: null,
      workers: 1,
      cores: [PROXY_CORE],
    });
    const sizes = [resident(pid, 'VmRSS')];
    const args = [CLIENT, ...[port, CONNECTIONS, FEW, SECONDS].map(String)];
    const client = children.start('client', LOAD_CORE, process.execPath, args);
    for (const phase of PHASES) {
      await printed(client, phase);
      sizes.push(resident(pid, 'VmRSS'));
    }
    sizes.push(resident(pid, 'VmHWM'));
    await children.end(client);
    await children.end(child);
    const cells = sizes.map((megabytes) => megabytes.toFixed(0));
    console.log(`memory: ${product.name} ${cells.join(', ')} MB`);
    rows.push([product.name, ...cells]);
    if (product.name !== 'headgate') continue;
    const [, few = 0, all = 0] = sizes;
    targets.push(target(`${FEW} of 1,000 connections active`, few), target('1,000 connections active', all));
  }
  const markdown = [
    `Process with one worker, MB (of nginx its worker alone). ${CONNECTIONS} keep-alive connections, one request on each; then ${SECONDS} s with ${FEW} of them busy, ${SECONDS} s with all of them, ${SECONDS} s with none: at the end of each.`,
    table(['Proxy', 'started', `${FEW} busy`, 'all busy', 'none busy', 'peak (VmHWM)'], rows),
  ];
  return { markdown: markdown.join('\n\n'), targets, failures: [] };
}

function target(when: string, megabytes: number): TargetRow {
  return {
    what: `Resident memory, one worker, ${when}`,
    toBeat: `at most ${MOST_MB} MB`,
    measured: `${megabytes.toFixed(0)} MB`,
    met: megabytes <= MOST_MB,
  };
}

async function printed(client: Child, word: string): Promise<void> {
  while (!client.output().split('\n').includes(word)) {
    if (client.ended() !== null) throw new Error(`the client ended (${client.ended()}): ${client.output().trim()}`);
    await sleep(20);
  }
}

/** A size in proc(5)'s `status`, in MB of 1,000,000 bytes. */
function resident(pid: number, which: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return (Number(new RegExp(`^${which}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024) / 1e6;
}
