import { hostPort } from '../common/host-port.ts';
import type { ListenConfig } from '../config/config.ts';

/** The listeners with TLS for people: which names each certificate is for, and until when. Nothing where there are none. */
export function printListeners(listeners: readonly ListenConfig[]): string {
  return listeners.map(printListener).join('');
}

function printListener({ address, port, tls }: ListenConfig): string {
  if (tls === null) return '';
  const lines = tls.certificates.map(({ file, names, expires }, index) => {
    const others = index === 0 ? ['every other name'] : [];
    return `  ${file}  for ${[...names, ...others].join(', ')}  until ${new Date(expires).toISOString().slice(0, 10)}`;
  });
  return [`listen ${hostPort(address, port)}  ${tls.minVersion} or newer`, ...lines, '', ''].join('\n');
}
