import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import type { Test } from 'tap';

/** Listens with a backlog of one, tells its port and never comes back to accept anything. */
const LISTENER = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });
`;
/** A connection to this machine that is not there after so many milliseconds waits for a place in the backlog. */
const SURELY_MS = 100;

/** A port of 127.0.0.1 where the kernel drops what wants to connect, as its backlog is full: no refusal, no answer. */
export async function blackHole(t: Test): Promise<number> {
  const worker = new Worker(LISTENER, { eval: true });
  const filling: Socket[] = [];
  t.teardown(async () => {
    for (const socket of filling) socket.destroy();
    await worker.terminate();
  });
  const [port] = await once(worker, 'message');
  for (;;) {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    filling.push(socket);
    if (!(await connects(socket))) return Number(port);
  }
}

function connects(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(false), SURELY_MS);
    socket.once('connect', () => {
      clearTimeout(late);
      resolve(true);
    });
  });
}
