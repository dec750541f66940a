import { request } from 'node:http';
import { connect } from 'node:net';
import type { Child, Children } from '../children.ts';

/** Waits until somebody accepts connections at the port. */
export async function listening(children: Children, child: Child, port: number): Promise<void> {
  await children.ready(child, () => accepts(port));
}

/** Waits until a GET is answered with 200. */
export async function answering(children: Children, child: Child, port: number, path: string): Promise<void> {
  await children.ready(child, async () => (await statusOf(port, path)) === 200);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function statusOf(port: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .once('error', reject)
      .end();
  });
}
