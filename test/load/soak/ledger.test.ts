import t from 'tap';
import { Ledger } from './ledger.ts';

function ledger(): Ledger {
  const ledger = new Ledger();
  for (const status of [200, 200, 404]) ledger.answered(status);
  ledger.aborted([200, 499]);
  return ledger;
}

t.test('an aborted request may be counted as any of its statuses', async (t) => {
  t.same(
    ledger().differences(
      new Map([
        [200, 3],
        [404, 1],
      ]),
    ),
    [],
  );
  t.same(
    ledger().differences(
      new Map([
        [200, 2],
        [404, 1],
        [499, 1],
      ]),
    ),
    [],
  );
});

t.test('one that is counted twice, or not, or otherwise, makes a difference', async (t) => {
  t.match(
    ledger().differences(
      new Map([
        [200, 3],
        [404, 1],
        [499, 1],
      ]),
    ),
    [/^5 are counted, 3 were answered and 1 aborted/],
  );
  t.match(
    ledger().differences(
      new Map([
        [200, 2],
        [404, 1],
      ]),
    ),
    [/^3 are counted/],
  );
  t.match(
    ledger().differences(
      new Map([
        [200, 2],
        [404, 1],
        [502, 1],
      ]),
    ),
    [/^status 502 is counted 1 times, and should be 0 to 0/],
  );
  t.match(ledger().differences(new Map([[200, 4]])), [
    /^status 200 is counted 4 times/,
    /^status 404 is counted 0 times/,
  ]);
});
