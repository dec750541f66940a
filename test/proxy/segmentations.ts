/** Ways to divide the same bytes into pieces that arrive one by one. No way may change a verdict. */
export const SEGMENTATIONS: readonly (readonly [name: string, split: (bytes: string) => Iterable<string>])[] = [
  ['whole', (bytes) => [bytes]],
  ['byte by byte', (bytes) => bytes],
  ['split at each CRLF', (bytes) => bytes.split(/(?<=\r\n)/)],
  ['split within each CRLF', (bytes) => bytes.split(/(?<=\r)(?=\n)/)],
];
