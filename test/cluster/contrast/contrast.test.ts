import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { record } from '../judge/records.ts';
import { now } from '../load/clock.ts';
import { Contrast } from './contrast.ts';

t.test('requests of the rounds of a situation are counted for each router, and no others', async (t) => {
  const [one, other] = [{ records: [record()] }, { records: [] as ReturnType<typeof record>[] }];
  const contrast = new Contrast({ one, other });
  for (let round = 0; round < 2; round += 1) {
    const end = contrast.begin('aborted');
    one.records.push(record({ sentAt: now() }), record({ sentAt: now(), status: 503, stream: 'tester' }));
    other.records.push(record({ sentAt: now() }));
    await sleep(2);
    end([]);
  }
  one.records.push(record({ sentAt: now() + 1 }));
  const pods = [{ pod: 'shop-abc-1', hash: 'abc', usableFrom: 0, unusableAt: null }];
  t.match(contrast.figures('aborted', 'one', pods), {
    requests: 4,
    failed: { plain: 0, tester: 2 },
    wrong: 0,
    late: 0,
  });
  t.match(contrast.figures('aborted', 'other', pods), { requests: 2, failed: { plain: 0 }, wrong: 0, late: 0 });
});

t.test('answers of another version than the one demanded are wrong from 200 ms after the demand on', async (t) => {
  const side = { records: [record()] };
  const contrast = new Contrast({ side });
  const end = contrast.begin('aborted');
  const from = now() - 1000;
  await sleep(2);
  const sentAt = now() - 1;
  side.records.push(...['abc', 'def', 'abc', 'abc'].map((hash) => record({ sentAt, hash })));
  end([
    { streams: ['plain'], hash: 'abc', from },
    { streams: ['plain'], hash: 'nobody', from: sentAt },
  ]);
  t.match(contrast.figures('aborted', 'side', []), { wrong: 1, turns: 2 });
});

t.test('the table has a row for each situation and router', async (t) => {
  const side = { records: [record({ sentAt: 0 })] };
  const contrast = new Contrast({ hash: side });
  contrast.begin('at 20 %')([]);
  t.strictSame(contrast.table([]), [
    '| situation | routed by | requests | failed (plain) | wrong version | turns | to ended Pods |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: |',
    '| at 20 % (1x) | hash | 0 | 0 | 0 | 0 | 0 |',
  ]);
});
