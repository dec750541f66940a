import t from 'tap';
import { applyRouteChanges, routeChanges } from '../../src/proxy/route-changes.ts';
import type { Route } from '../../src/routing/table.ts';

const route = (name: string): Route => ({
  name,
  hosts: [name],
  path: '/',
  versions: [],
  rules: [],
  experiments: null,
  split: [],
});

t.test(
  'only the routes that are new are sent, and the receiver has the same table with its own old routes',
  async (t) => {
    const [a, b, c] = [route('a'), route('b'), route('c')];
    const before = { routes: [a, b] };
    const after = { routes: [b, c] };
    const changes = structuredClone(routeChanges(before, after));
    t.same(changes, [1, c]);
    const received = structuredClone(before);
    const result = applyRouteChanges(received, changes);
    t.same(result, after);
    t.equal(result.routes[0], received.routes[1]);
  },
);

t.test('changes that are for another table are refused', async (t) => {
  t.throws(() => applyRouteChanges({ routes: [] }, [3]), { name: 'RangeError' });
});
