import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { authorityHostEnd } from '../../src/http1/authority.ts';

function hostOf(authority: string): string | null {
  const bytes = Buffer.from(`@${authority}@`, 'latin1');
  const end = authorityHostEnd(bytes, 1, bytes.length - 1);
  return end < 0 ? null : bytes.toString('latin1', 1, end);
}

t.test('the port is not part of the host', async (t) => {
  t.equal(hostOf('a.example'), 'a.example');
  t.equal(hostOf('a.example:80'), 'a.example');
  t.equal(hostOf('a.example:'), 'a.example');
  t.equal(hostOf('a.example:65535'), 'a.example');
  t.equal(hostOf('[::1]:80'), '[::1]');
});

t.test('what is no uri-host with a port is refused', async (t) => {
  const wrong = [
    '',
    ':',
    ':80',
    'a:65536',
    'a:-1',
    'a:8 0',
    'a:80:90',
    'a@b',
    'a/b',
    'a b',
    'a\tb',
    '[',
    '[]',
    '[::1]80',
    '[::1]a:80',
  ];
  for (const authority of [
    ...wrong,
    '%',
    '%a',
    '%ag',
    'a%0',
    '[v1.a]',
    '[::1%25eth0]',
    '[[::1]]',
    'a]',
    '\\',
    '"a"',
    'é',
  ]) {
    t.equal(hostOf(authority), null, authority);
  }
});

t.test('sub-delims and escapes may stand in a name', async (t) => {
  for (const name of ["-._~!$&'()*+,;=", 'a%2fB', '%E4', '1.2.3.400']) t.equal(hostOf(name), name);
});

t.test('an IPv6 literal is accepted where node:net accepts the address', async (t) => {
  const group = fc.constantFrom(
    '0',
    '1',
    'ab',
    'F00',
    '2001',
    '12345',
    'g',
    '',
    '::',
    '1.2.3.4',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3',
  );
  const address = fc.array(group, { maxLength: 9 }).map((groups) => groups.join(':').replaceAll(':::', ':'));
  let accepted = 0;
  fc.assert(
    fc.property(fc.oneof(address, fc.ipV6()), (text) => {
      const valid = isIPv6(text);
      if (valid) accepted++;
      return (hostOf(`[${text}]`) !== null) === valid;
    }),
    {
      numRuns: 5000,
      seed: 3,
      examples: [['::'], ['1::'], ['::1:2:3:4:5:6:7'], ['1:2:3:4:5:6:7::'], ['1:2:3:4:5:6:1.2.3.4'], ['::1.2.3.4']],
    },
  );
  t.ok(accepted > 1000, `${accepted} of them are addresses`);
});
