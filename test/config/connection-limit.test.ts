import t from 'tap';
import { affordableConnections, autoConnections, parseConnections } from '../../src/config/connection-limit.ts';

t.test('each connection is reckoned with two open files, less what is open anyway', async (t) => {
  t.equal(affordableConnections(1_024), 384);
  t.equal(affordableConnections(1_048_576), 524_160);
  t.equal(affordableConnections(Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY, 'a system that does not say');
  t.equal(affordableConnections(64), 1, 'never 0, which would be no limit');
});

t.test('auto is what the open files suffice for, and no more than 20,000', async (t) => {
  t.equal(parseConnections('auto'), autoConnections());
  t.ok(autoConnections() >= 1 && autoConnections() <= 20_000, `${autoConnections()}`);
  t.equal(parseConnections(0), 0, 'no limit');
});
