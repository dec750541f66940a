import t from 'tap';
import type { ListenConfig } from '../../src/config/config.ts';
import { TlsListeners } from '../../src/control/tls-listeners.ts';

function listener(port: number, file: string | null): ListenConfig {
  const certificate = { place: 'listen', file: file ?? '', certificate: file ?? '', key: '', names: [], expires: 0 };
  return {
    address: '127.0.0.1',
    port,
    tls: file === null ? null : { certificates: [certificate], minVersion: 'TLSv1.2' },
  };
}

function files({ tls }: TlsListeners): readonly (string | undefined)[] {
  return tls.map((one) => one?.certificates[0]?.certificate);
}

t.test(
  'a listener that was put before it, and waits for a restart, keeps no certificate from being renewed',
  async (t) => {
    const listeners = new TlsListeners([listener(8443, 'old')]);
    t.ok(listeners.renew([listener(8080, null), listener(8443, 'new')]));
    t.same(files(listeners), ['new']);
  },
);

t.test('of two listeners at any free port each gets its own', async (t) => {
  const listeners = new TlsListeners([listener(0, 'a'), listener(0, 'b')]);
  t.ok(listeners.renew([listener(0, 'c'), listener(0, 'd')]));
  t.same(files(listeners), ['c', 'd']);
});

t.test('whether there is TLS, and where, waits for a restart', async (t) => {
  const listeners = new TlsListeners([listener(8443, 'old'), listener(8080, null)]);
  t.notOk(listeners.renew([listener(8443, null), listener(8080, 'new'), listener(9443, 'new')]));
  t.same(files(listeners), ['old', undefined]);
});
