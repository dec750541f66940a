import { readFileSync } from 'node:fs';
import { startHeadgate } from '../headgate-process.ts';
import type { Product } from './peer.ts';

/** Headgate as its package is. */
export const headgate: Product = { name: 'headgate', version, lacks: [], start: startHeadgate };

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return `${/"version": "([^"]+)"/.exec(text)?.[1] ?? 'unknown'} on Node.js ${process.versions.node}`;
}
