import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Children } from './children.ts';
import { answerPath, bodyOf, type Workload } from './workload.ts';

/** wrk with one thread, on one workload. */
export interface Load {
  readonly workload: Workload;
  /** Null: every request is the same GET, which wrk makes itself. */
  readonly script: string | null;
}

export function makeLoad(children: Children, workload: Workload): Load {
  if (workload.sent === 0 && workload.pipelined === 1) return { workload, script: null };
  const script = join(children.newFolder('wrk'), `${workload.name}.lua`);
  writeFileSync(script, lua(workload));
  return { workload, script };
}

/** Arguments of wrk. */
export function wrkArguments({ workload, script }: Load, port: number, seconds: number): readonly string[] {
  const { fields, connections, tls, answer } = workload;
  const headers = Object.entries(fields).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const scripts = script === null ? [] : ['-s', script];
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}${answerPath(answer)}`;
  return ['-t1', `-c${connections}`, `-d${seconds}s`, ...headers, ...scripts, url];
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
