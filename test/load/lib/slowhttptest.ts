import { spawnSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import type { Started } from './processes.ts';
import type { Context } from './scenario.ts';

/** What the attack does slowly. */
export type Mode = 'header' | 'body' | 'read';

export interface Attack {
  readonly mode: Mode;
  /** As `nice` takes it: from 0, the usual priority, to 19, the lowest. */
  readonly niceness: number;
  readonly url: string;
  readonly connections: number;
  /** Connections a second. */
  readonly rate: number;
  readonly seconds: number;
}

const ARGUMENTS: Readonly<Record<Mode, readonly string[]>> = {
  header: ['-H', '-i', '1', '-x', '24'],
  // So seldom that Headgate's own patience ends first.
  body: ['-B', '-i', '60', '-s', '8192', '-x', '10'],
  read: ['-X', '-w', '512', '-y', '1024', '-n', '1', '-z', '32', '-k', '1'],
};

/** Its version. @throws Error that says what to install */
export function slowhttptestVersion(): string {
  const { error, stdout, stderr } = spawnSync('slowhttptest', ['-h'], { encoding: 'utf8' });
  if (error !== undefined) throw new Error('slowhttptest is not installed. On Debian: apt-get install slowhttptest');
  return /version (\S+)/.exec(`${stdout}${stderr}`)?.[1] ?? 'unknown';
}

export function attack({ processes }: Context, options: Attack): Started {
  const { mode, niceness, url, connections, rate, seconds } = options;
  const numbers = ['-c', connections, '-r', rate, '-l', seconds, '-p', 3].map(String);
  return processes.start('nice', [
    '-n',
    `${niceness}`,
    'slowhttptest',
    ...ARGUMENTS[mode],
    ...numbers,
    '-u',
    url,
    '-v',
    '1',
  ]);
}

/** Connections that it has tried to open, whatever became of them, by its own last account. */
export function tried({ lines }: Started): number {
  const last = (word: string): number => {
    const line = lines.findLast((text) => stripVTControlCharacters(text).startsWith(`${word}:`));
    return line === undefined ? 0 : Number(/(\d+)\D*$/.exec(stripVTControlCharacters(line))?.[1]);
  };
  return last('connected') + last('error') + last('closed');
}
