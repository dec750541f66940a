import { answerPath, bodyOf, type Workload } from '../../../bench/workload.ts';

/** What a connection sends at once: the workload's requests, as many as it pipelines. */
export function requestBytes({ method, fields, sent, answer, pipelined }: Workload): Buffer {
  const length = sent === 0 ? {} : { 'Content-Length': String(sent) };
  const lines = Object.entries({ Host: 'bench.test', ...fields, ...length }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  const one = [`${method} ${answerPath(answer)} HTTP/1.1`, ...lines, '', bodyOf(sent)].join('\r\n');
  return Buffer.from(one.repeat(pipelined), 'latin1');
}
