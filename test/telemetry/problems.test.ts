import t from 'tap';
import { createLogger } from '../../src/telemetry/logger.ts';
import { ProblemLog } from '../../src/telemetry/problems.ts';

const A = { place: 'a.yaml:3', message: 'no Service', remedy: 'write one' };
const B = { place: 'b.yaml:7', message: 'no Service', remedy: 'write one' };

function setUp() {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({
    level: 'info',
    destination: {
      write: (line) => {
        lines.push(JSON.parse(line));
      },
    },
  });
  return { lines, log: new ProblemLog(logger) };
}

t.test('a problem is logged once, with its place and remedy, however often it is seen', async (t) => {
  const { lines, log } = setUp();
  for (let i = 0; i < 3; i++) log.update([A]);
  t.equal(lines.length, 1);
  t.match(lines[0], { level: 'warn', msg: 'no Service', place: 'a.yaml:3', remedy: 'write one' });
});

t.test('the same message in another place is another problem', async (t) => {
  const { lines, log } = setUp();
  log.update([A]);
  log.update([A, B]);
  t.same(
    lines.map(({ place }) => place),
    ['a.yaml:3', 'b.yaml:7'],
  );
});

t.test('a problem that is gone is logged once, and again as new when it comes back', async (t) => {
  const { lines, log } = setUp();
  log.update([A, B]);
  log.update([B]);
  log.update([B]);
  log.update([A, B]);
  t.same(
    lines.map(({ level, place, msg }) => [level, place, msg]),
    [
      ['warn', 'a.yaml:3', 'no Service'],
      ['warn', 'b.yaml:7', 'no Service'],
      ['info', 'a.yaml:3', 'problem solved'],
      ['warn', 'a.yaml:3', 'no Service'],
    ],
  );
});

t.test('a problem that is listed twice is logged once', async (t) => {
  const { lines, log } = setUp();
  log.update([A, A]);
  t.equal(lines.length, 1);
});
