import type { HeapProfiler } from 'node:inspector';
import t from 'tap';
import { allocators } from './allocators.ts';

type ProfileNode = HeapProfiler.SamplingHeapProfileNode;

function node(functionName: string, url: string, selfSize: number, children: ProfileNode[] = []): ProfileNode {
  return { callFrame: { functionName, scriptId: '1', url, lineNumber: 9, columnNumber: 0 }, selfSize, children };
}

t.test(
  'A function that allocates at several places of the call tree is one, and the greatest comes first',
  async (t) => {
    const send = node('send', 'file:///somewhere/headgate/src/proxy/scratch.ts', 100);
    const write = node('_write', 'node:internal/streams/writable', 230);
    const head = node('(root)', '', 0, [
      node('begin', 'file:///src/b.ts', 5, [send, write]),
      node('', '', 1, [send, write]),
    ]);
    t.strictSame(allocators(head), [
      { name: '_write (node:internal/streams/writable:10)', bytes: 460 },
      { name: 'send (src/proxy/scratch.ts:10)', bytes: 200 },
      { name: 'begin (src/b.ts:10)', bytes: 5 },
      { name: 'anonymous', bytes: 1 },
      { name: '(root)', bytes: 0 },
    ]);
  },
);
