import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Children } from './children.ts';
import { LOAD_CORE, PROXY_CORE } from './cores.ts';
import { CpuWatch } from './cpu-watch.ts';
import type { Done } from './load.ts';
import type { Peer } from './peers/peer.ts';
import { answerPath, bodyOf, type Workload } from './workload.ts';

/** Runs wrk with one thread. @throws when an answer is not 2xx, or a connection fails. */
export async function runWrk(
  children: Children,
  workload: Workload,
  script: string | null,
  { name, pid, port }: Peer,
  seconds: number,
): Promise<Done> {
  const watch = new CpuWatch(pid, PROXY_CORE);
  const output = await children.finish('wrk', LOAD_CORE, 'wrk', wrkArguments(workload, script, port, seconds));
  const watched = watch.read();
  const complaint = /Non-2xx.*|Socket errors.*/.exec(output);
  if (complaint !== null) throw new Error(`${name}: ${complaint[0]}`);
  const requests = Number(/(\d+) requests in/.exec(output)?.[1] ?? 0);
  const requestsPerSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1] ?? 0);
  if (requests === 0) throw new Error(`${name}: wrk reports no requests: ${output}`);
  return { requests, requestsPerSecond, ...watched };
}

/** Writes what wrk needs to make the requests. @returns the file; null when they are all the same GET, which wrk makes itself. */
export function wrkScript(children: Children, workload: Workload): string | null {
  if (workload.sent === 0 && workload.pipelined === 1) return null;
  const script = join(children.newFolder('wrk'), `${workload.name}.lua`);
  writeFileSync(script, lua(workload));
  return script;
}

function wrkArguments(workload: Workload, script: string | null, port: number, seconds: number): readonly string[] {
  const { fields, connections, answer } = workload;
  const headers = Object.entries(fields).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const scripts = script === null ? [] : ['-s', script];
  return [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    ...headers,
    ...scripts,
    `http://127.0.0.1:${port}${answerPath(answer)}`,
  ];
}

/** The bytes are made once, so that the script costs next to nothing while wrk runs. */
function lua({ method, sent, pipelined }: Workload): string {
  const body = sent === 0 ? 'nil' : `[[\n${bodyOf(sent)}]]`;
  return `local requests
function init()
  local one = wrk.format(${JSON.stringify(method)}, nil, nil, ${body})
  requests = string.rep(one, ${pipelined})
end
function request() return requests end
`;
}
