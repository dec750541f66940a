import t from 'tap';
import { PendingQueue, type Ticket, type Waiter } from '../../src/upstream/pending-queue.ts';

const waiter = (): Waiter => ({ canFallBack: false, onEndpoint: () => {}, onNoEndpoints: () => {} });

function joined(queue: PendingQueue): Ticket {
  const ticket = queue.join(waiter(), null);
  if (ticket === null) throw new Error('full');
  return ticket;
}

function order(queue: PendingQueue): Ticket[] {
  const tickets: Ticket[] = [];
  for (let ticket = queue.first; ticket !== null; ticket = ticket.after) tickets.push(ticket);
  return tickets;
}

t.test('who came first is first, and who leaves from anywhere leaves no gap', async (t) => {
  const queue = new PendingQueue(10);
  const [a, b, c, d] = [joined(queue), joined(queue), joined(queue), joined(queue)];
  t.strictSame(order(queue), [a, b, c, d]);
  queue.leave(b);
  t.strictSame(order(queue), [a, c, d]);
  queue.leave(a);
  t.strictSame(order(queue), [c, d]);
  queue.leave(d);
  const e = joined(queue);
  t.strictSame(order(queue), [c, e]);
  queue.leave(c);
  queue.leave(e);
  t.equal(queue.first, null);
  t.equal(queue.length, 0);
});

t.test('no more than its bound wait, and a place that is given up can be taken', async (t) => {
  const queue = new PendingQueue(1);
  const first = joined(queue);
  t.equal(queue.join(waiter(), null), null);
  queue.leave(first);
  t.not(queue.join(waiter(), null), null);
  t.equal(new PendingQueue(0).join(waiter(), null), null, 'a queue of none');
});
