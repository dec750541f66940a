import { Refusal } from './refusal.ts';

const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/;
const DURATION_PART = /(\d+(?:\.\d+)?)(ms|s|m|h)/g;
const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

const SIZE = /^(\d+(?:\.\d+)?)(B|kB|KB|KiB|MB|MiB|GB|GiB)$/;
const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1000,
  KB: 1000,
  KiB: 1024,
  MB: 1000 ** 2,
  MiB: 1024 ** 2,
  GB: 1000 ** 3,
  GiB: 1024 ** 3,
};

/**
 * `250ms`, `5s`, `1.5m`, `1h30m` or `0` -> milliseconds.
 * @throws Refusal when the unit is missing or unknown, or when there is less than a millisecond
 */
export function parseDuration(value: unknown): number {
  if (value === 0 || value === '0') return 0;
  const remedy = 'write a number with its unit: 250ms, 5s, 2m or 1h30m';
  if (typeof value === 'number') throw new Refusal(`has no unit: ${value}`, `write ${value}s or ${value}ms`);
  if (typeof value !== 'string') throw Refusal.kind('a duration', value, remedy);
  if (!DURATION.test(value)) throw new Refusal(`is not a duration: ${JSON.stringify(value)}`, remedy);
  let total = 0;
  for (const [, amount, unit] of value.matchAll(DURATION_PART)) {
    total += Number(amount) * (MILLISECONDS[unit ?? ''] ?? 0);
  }
  // 0.1 has no exact binary form, so 1.1s is 1100.0000000000002 ms.
  const whole = Math.round(total);
  if (Math.abs(total - whole) > 1e-6) throw new Refusal(`is not a whole number of milliseconds: ${value}`, remedy);
  return whole;
}

/**
 * `16KiB` (1024), `64KB` (1000), `1MiB`, `512B` or `0` -> bytes.
 * @throws Refusal when the unit is missing or unknown, or when there is less than a byte
 */
export function parseSize(value: unknown): number {
  if (value === 0 || value === '0') return 0;
  const remedy = 'write a number with its unit: 512B, 16KiB, 64KB or 1MiB';
  if (typeof value === 'number') throw new Refusal(`has no unit: ${value}`, `write ${value}B or ${value}KiB`);
  if (typeof value !== 'string') throw Refusal.kind('a size', value, remedy);
  const [, amount, unit] = SIZE.exec(value) ?? [];
  if (amount === undefined || unit === undefined) {
    throw new Refusal(`is not a size: ${JSON.stringify(value)}`, remedy);
  }
  const bytes = Number(amount) * (BYTES[unit] ?? 0);
  if (!Number.isInteger(bytes)) throw new Refusal(`is not a whole number of bytes: ${value}`, remedy);
  return bytes;
}
