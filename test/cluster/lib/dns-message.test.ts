import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { answerQuery, type DnsAnswer } from './dns-message.ts';

const NAMES: Readonly<Record<string, DnsAnswer>> = {
  'web.shop.svc.cluster.local': { addresses: ['10.96.4.1'] },
  'peers.shop.svc.cluster.local': { addresses: ['10.244.1.1', '10.244.1.2'] },
  'nobody.shop.svc.cluster.local': { addresses: [] },
  'alias.shop.svc.cluster.local': { alias: 'web.shop.svc.cluster.local', addresses: ['10.96.4.1'] },
};

/** A resolver of Node.js, which is c-ares, that asks a name server with these names. */
async function resolver(t: Test): Promise<Resolver> {
  const server = createSocket('udp4');
  server.on('message', (query, { address, port }) => {
    const answer = answerQuery(query, (name) => NAMES[name] ?? null);
    if (answer !== null) server.send(answer, port, address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const asking = new Resolver({ timeout: 2_000, tries: 1 });
  asking.setServers([`127.0.0.1:${server.address().port}`]);
  return asking;
}

t.test('names have the addresses that they are looked up with, in any case of letters', async (t) => {
  const dns = await resolver(t);
  t.same(await dns.resolve4('web.shop.svc.cluster.local'), ['10.96.4.1']);
  t.same((await dns.resolve4('PEERS.shop.svc.cluster.local')).sort(), ['10.244.1.1', '10.244.1.2']);
});

t.test('an alias is told with the addresses of what it stands for', async (t) => {
  const dns = await resolver(t);
  t.same(await dns.resolve4('alias.shop.svc.cluster.local'), ['10.96.4.1']);
  t.same(await dns.resolveCname('alias.shop.svc.cluster.local'), ['web.shop.svc.cluster.local']);
});

t.test('a name without addresses is another thing than no such name', async (t) => {
  const dns = await resolver(t);
  await t.rejects(dns.resolve4('nobody.shop.svc.cluster.local'), { code: 'ENODATA' });
  await t.rejects(dns.resolve6('web.shop.svc.cluster.local'), { code: 'ENODATA' });
  await t.rejects(dns.resolve4('web.shop'), { code: 'ENOTFOUND' });
});

t.test('what is no query of one question is left without an answer', async (t) => {
  const lookUp = () => ({ addresses: ['10.96.4.1'] });
  t.equal(answerQuery(Buffer.alloc(5), lookUp), null);
  t.equal(answerQuery(Buffer.alloc(40), lookUp), null);
  const cutShort = Buffer.from('000101000001000000000000037765', 'hex');
  t.equal(answerQuery(cutShort, lookUp), null);
});
