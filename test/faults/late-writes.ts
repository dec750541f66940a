import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { turns } from './scene.ts';

/** Turns of the event loop. */
const LATE = 2;
const late = new WeakSet<Socket>();

/**
 * What is written to a socket is looked at only some turns later, as by a kernel that has no room: a buffer that is used again
 * before its write is done shows. (A kernel takes megabytes on loopback before it has none.) Not under TLS, where what is
 * written is encrypted, and so copied, at once.
 */
export function lateWrites(socket: Socket): void {
  if (late.has(socket) || socket instanceof TLSSocket) return;
  late.add(socket);
  // The two methods that a stream's implementation provides; Node documents them under these names.
  const write = socket['_write'].bind(socket);
  const writev = socket['_writev']?.bind(socket);
  socket['_write'] = (chunk, encoding, done) => void turns(LATE).then(() => write(chunk, encoding, done));
  if (writev !== undefined) socket['_writev'] = (chunks, done) => void turns(LATE).then(() => writev(chunks, done));
}
