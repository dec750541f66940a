/** The work that every peer does, and the load that it gets. */

export interface BenchVersion {
  readonly name: 'stable' | 'canary' | 'experiment';
  /** Percent of what no header claims; null: by header only. */
  readonly weight: number | null;
  /** Upstream ports, two a version. */
  readonly ports: readonly [number, number];
}

/** A header that must lead to one version, whatever the weights say. */
export interface HeaderRoute {
  readonly header: string;
  readonly value: string;
  readonly to: BenchVersion['name'];
}

export const CANARY_PERCENT = 10;

export const HEADER_ROUTES: readonly HeaderRoute[] = [
  { header: 'x-canary', value: 'true', to: 'canary' },
  { header: 'aws-cf-cd-super-svp-9f8b7a6d', value: '123e4567-e89b-12d3-a456-42661417400', to: 'experiment' },
];

/** Six upstream ports as three versions. */
export function benchVersions([a = 0, b = 0, c = 0, d = 0, e = 0, f = 0]: readonly number[]): readonly BenchVersion[] {
  return [
    { name: 'stable', weight: 100 - CANARY_PERCENT, ports: [a, b] },
    { name: 'canary', weight: CANARY_PERCENT, ports: [c, d] },
    { name: 'experiment', weight: null, ports: [e, f] },
  ];
}

/** Answer of every upstream: 121 bytes. */
export const BODY = `${'a'.repeat(120)}\n`;

export const CONNECTIONS = 64;

const PATH = '/index.html';
/** At this path the upstream also answers what it saw, for the proof before the timing. */
export const PROOF_PATH = '/proof';

/** What a browser sends with each request. */
export const BROWSER_FIELDS: Readonly<Record<string, string>> = {
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Accept-Language': 'en-US,en;q=0.5',
  'Sec-Fetch-Mode': 'navigate',
};

/** Size of the request head that wrk sends, in bytes. */
export function headBytes(port: number): number {
  const fields = Object.entries({ Host: `127.0.0.1:${port}`, ...BROWSER_FIELDS });
  const lines = [`GET ${PATH} HTTP/1.1`, ...fields.map(([name, value]) => `${name}: ${value}`)];
  return lines.join('\r\n').length + '\r\n\r\n'.length;
}

/** Arguments of wrk for one round. */
export function wrkArguments(port: number, seconds: number): readonly string[] {
  const fields = Object.entries(BROWSER_FIELDS).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  return ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, ...fields, `http://127.0.0.1:${port}${PATH}`];
}
