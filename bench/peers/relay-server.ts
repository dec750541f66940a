import { connect, createServer, type Socket } from 'node:net';

/*
 * A relay that parses nothing: the floor of what a proxy on Node's sockets can cost. Client connections take the
 * upstream ports in turn, each with one upstream connection. Arguments: the port to listen on, then the upstream's.
 */

const [port, ...upstreamPorts] = process.argv.slice(2).map(Number);
/** One for each upstream connection. */
const BUFFER_BYTES = 65_536;
const NOTHING = new Uint8Array(0);
let turn = 0;

const server = createServer({ noDelay: true }, (client) => {
  const upstream = upstreamFor(client, upstreamPorts[turn++ % upstreamPorts.length] ?? 0);
  client.on('data', (chunk) => {
    if (!upstream.write(chunk)) client.pause();
  });
  upstream.on('drain', () => client.resume());
  client.on('end', () => upstream.end());
  upstream.on('end', () => client.end());
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
});
server.listen(port, '127.0.0.1');

function upstreamFor(client: Socket, upstreamPort: number): Socket {
  const upstream = connect({
    host: '127.0.0.1',
    port: upstreamPort,
    noDelay: true,
    onread: {
      buffer: new Uint8Array(BUFFER_BYTES),
      callback: (length, buffer) => {
        client.write(buffer.subarray(0, length));
        if (client.writableLength === 0) return true;
        // The kernel did not take all of it: the buffer must not be filled again before it has.
        client.write(NOTHING, () => upstream.resume());
        return false;
      },
    },
  });
  return upstream;
}
