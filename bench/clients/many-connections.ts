import { Connection } from './connection.ts';

/**
 * Many connections. First each makes one request; then a few are busy, each sending its next request when it has an answer; then all are;
 * then none. Arguments: port, connections, busy ones, seconds of each phase. Prints the name of a phase just before its end, and stays
 * with open connections until it is ended.
 */

const [port = 0, count = 0, few = 0, seconds = 0] = process.argv.slice(2).map(Number);
let busy = 0;

const connections: Connection[] = [];
while (connections.length < count) {
  const index = connections.length;
  const connection = new Connection(port, () => answered(index));
  connections.push(connection);
  await connection.opened;
}
for (const connection of connections) connection.send();
for (const [phase, then] of [
  ['few', few],
  ['all', count],
  ['none', 0],
] as const) {
  const before = busy;
  busy = then;
  for (let index = before; index < busy; index += 1) {
    if (connections[index]?.waiting === false) connections[index]?.send();
  }
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  console.log(phase);
  await new Promise((resolve) => setTimeout(resolve, 500));
}

function answered(index: number): void {
  if (index < busy) connections[index]?.send();
}
