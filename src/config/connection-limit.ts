import { readFileSync } from 'node:fs';
import { Refusal } from './refusal.ts';
import { parseInteger } from './values.ts';

/** Generous, and of the order of what Envoy's documentation sets for an edge proxy (50,000). */
const MOST = 20_000;
/** Files that are open without any connection (measured: 40), and what lies idle of upstream connections in ordinary use. */
const RESERVE = 256;

/** The open files that the system allows this process; Infinity where it does not say. Node.js has raised it as far as it may. */
function openFiles(): number {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** How many client connections the open files suffice for: each may need another one to an upstream, as HAProxy reckons too. */
export function affordableConnections(files = openFiles()): number {
  return Math.max(1, Math.floor((files - RESERVE) / 2));
}

/** What `auto` becomes. */
export function autoConnections(): number {
  return Math.min(MOST, affordableConnections());
}

/** A number, 0 for no limit, or `auto`. */
export function parseConnections(value: unknown): number {
  if (value === 'auto') return autoConnections();
  if (typeof value !== 'number') throw Refusal.kind('a whole number or auto', value);
  return parseInteger(value, 0, 10_000_000);
}
