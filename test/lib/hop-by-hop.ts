/** Fields that end at this hop (RFC 9110 7.6.1), written down once more than in src: tests know them by themselves. */
export const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'proxy-authorization',
]);
