import t from 'tap';
import { callCounts, callsOf, callsText } from './call-counts.ts';

const SUMMARY = `% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 65.35    1.559084       23622        66         4 futex
 27.44    0.654783          46     14234           epoll_pwait
  5.72    0.136540          13     10005           write
  0.01    0.000302          60         5           madvise
------ ----------- ----------- --------- --------- ----------------
100.00    2.385841          69     24310         4 total
`;

t.test('Calls are counted by name, with and without errors, and the total is no call', async (t) => {
  t.strictSame(
    [...callCounts(SUMMARY)],
    [
      ['futex', 66],
      ['epoll_pwait', 14234],
      ['write', 10005],
      ['madvise', 5],
    ],
  );
});

t.test('Counts are summed, all or by name', async (t) => {
  const counts = callCounts(SUMMARY);
  t.equal(callsOf(counts), 24310);
  t.equal(callsOf(counts, ['write', 'writev', 'madvise']), 10010);
});

t.test('The calls of one request are told by frequency, rare ones together', async (t) => {
  const perRequest = new Map([...callCounts(SUMMARY)].map(([name, calls]) => [name, calls / 5000]));
  t.equal(callsText(perRequest), 'epoll_pwait 2.85, write 2.00, futex 0.01, other 0.001');
});
