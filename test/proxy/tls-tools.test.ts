import { execFile, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import t from 'tap';
import { listenerTls, pemPath } from '../lib/certificates.ts';
import { planeTo } from '../lib/plane.ts';
import { rawUpstream } from '../lib/upstreams.ts';

/* Clients that share no line of code with this one: curl, and OpenSSL's own. */

const run = promisify(execFile);
const without = (tool: string, flag: string) =>
  spawnSync(tool, [flag]).status === 0 ? false : `${tool} is not installed`;

async function listener(t: Parameters<typeof planeTo>[0], body: Buffer) {
  const upstream = await rawUpstream(t, async (peer) => {
    for (;;) {
      await peer.readRequest();
      peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
      peer.send(body);
    }
  });
  return planeTo(t, [upstream.port], { tls: listenerTls(['server', 'other']) });
}

t.test('curl gets a megabyte twice over one connection', { skip: without('curl', '--version') }, async (t) => {
  const body = randomBytes(1 << 20);
  const { port } = await listener(t, body);
  const url = `https://app.example.com:${port}/`;
  const all = ['-sS', '--cacert', pemPath('ca.crt'), '--connect-to', '::127.0.0.1:', '-w', '%{stderr}%{num_connects} '];
  const { stdout, stderr } = await run('curl', [...all, url, url], { encoding: 'buffer', maxBuffer: 1 << 23 });
  t.equal(stderr.toString().trim(), '1 0');
  const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
  t.equal(hash(stdout), hash(Buffer.concat([body, body])));
});

t.test('what openssl s_client is told', { skip: without('openssl', 'version') }, async (t) => {
  const { port } = await listener(t, Buffer.from('ok'));
  const ask = (...options: string[]): Promise<string> => {
    const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-CAfile', pemPath('ca.crt'), ...options];
    return new Promise((resolve) => {
      // It ends with an error where the handshake does: what it has said is what counts.
      const child = execFile('openssl', args, (_error, stdout, stderr) => resolve(stdout + stderr));
      child.stdin?.end();
    });
  };
  const modern = await ask(
    '-servername',
    'a.wild.example.org',
    '-verify_hostname',
    'a.wild.example.org',
    '-alpn',
    'http/1.1',
  );
  t.match(modern, 'Verify return code: 0 (ok)');
  t.match(modern, 'ALPN protocol: http/1.1');
  t.match(modern, 'TLSv1.3');
  t.match(await ask('-tls1_2'), /Protocol *: TLSv1\.2/);
  t.match(
    await ask('-tls1_2'),
    'Secure Renegotiation IS supported',
    'its indication (RFC 5746), which stops an old attack',
  );
  t.match(await ask('-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0'), 'alert protocol version');
  t.match(await ask('-alpn', 'h2'), 'alert no application protocol');
});
