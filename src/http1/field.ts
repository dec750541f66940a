import { bytes, LOWER, startsWithLower } from './bytes.ts';

/** Field names that mean something to a proxy. OTHER is every other name. Below 32, so that a set of them is the bits of a number. */
export const Field = {
  OTHER: 0,
  HOST: 1,
  CONNECTION: 2,
  CONTENT_LENGTH: 3,
  TRANSFER_ENCODING: 4,
  TE: 5,
  TRAILER: 6,
  UPGRADE: 7,
  EXPECT: 8,
  KEEP_ALIVE: 9,
  PROXY_CONNECTION: 10,
  VIA: 11,
  X_FORWARDED_FOR: 12,
  X_FORWARDED_PROTO: 13,
  X_FORWARDED_HOST: 14,
  FORWARDED: 15,
  MAX_FORWARDS: 16,
  DATE: 17,
  SERVER: 18,
  PROXY_AUTHORIZATION: 19,
  PROXY_AUTHENTICATE: 20,
  AUTHORIZATION: 21,
  COOKIE: 22,
  SET_COOKIE: 23,
  CONTENT_TYPE: 24,
  CONTENT_ENCODING: 25,
  CONTENT_RANGE: 26,
  CACHE_CONTROL: 27,
  LOCATION: 28,
  X_REAL_IP: 29,
  WWW_AUTHENTICATE: 30,
  /** One of UNDERSCORED with `_` for a `-`. */
  ALIAS: 31,
} as const;

/**
 * CGI, WSGI and PHP make `_` of every `-` in a field's name: to an application of theirs `X_Forwarded_For` is X-Forwarded-For, and a
 * client would say itself who it is, or where its body ends. Such names end at this hop, as in nginx and Apache.
 */
const UNDERSCORED: readonly number[] = [
  Field.CONTENT_LENGTH,
  Field.TRANSFER_ENCODING,
  Field.X_FORWARDED_FOR,
  Field.X_FORWARDED_PROTO,
  Field.X_FORWARDED_HOST,
  Field.X_REAL_IP,
];

/**
 * Fields that end at this hop (RFC 9110 7.6.1). TE and Trailer too: they speak of its trailers, and are written anew where some
 * are passed on. Proxy-Authorization was meant for the proxy that asked for it. Proxy-Authenticate stays: without it a 407 from
 * behind could not be understood.
 */
const HOP_BY_HOP: readonly number[] = [
  Field.CONNECTION,
  Field.KEEP_ALIVE,
  Field.PROXY_CONNECTION,
  Field.TE,
  Field.TRANSFER_ENCODING,
  Field.UPGRADE,
  Field.TRAILER,
  Field.PROXY_AUTHORIZATION,
];

const NAMES = Object.entries(Field)
  .filter(([, id]) => id !== Field.OTHER && id !== Field.ALIAS)
  .map(([name, id]) => ({ id, name: bytes(name.toLowerCase().replaceAll('_', '-')) }));

// One lookup by length, first and last byte finds the only name that can match; one comparison decides. The factor is chosen so
// that no two names above collide in 128 slots, which is checked when the module loads.
const SLOTS = 128;
const FACTOR = 11;
const SLOT_LENGTH = 32;
const UNDERSCORE = 0x5f;
const DASH = 0x2d;
const idOfSlot = new Uint8Array(SLOTS);
const lengthOfSlot = new Uint8Array(SLOTS);
const nameOfSlot = new Uint8Array(SLOTS * SLOT_LENGTH);
const dropOfId = new Uint8Array(Field.ALIAS + 1);
dropOfId[Field.ALIAS] = 1;

function slotOf(length: number, first: number, last: number): number {
  return (length + first + last * FACTOR) & (SLOTS - 1);
}

for (const { id, name } of NAMES) {
  const slot = slotOf(name.length, name[0] ?? 0, name.at(-1) ?? 0);
  if (lengthOfSlot[slot] !== 0) throw new Error(`field name ${name.toString()} collides: choose another FACTOR`);
  idOfSlot[slot] = id;
  lengthOfSlot[slot] = name.length;
  nameOfSlot.set(name, slot * SLOT_LENGTH);
  dropOfId[id] = HOP_BY_HOP.includes(id) ? 1 : 0;
}

/** The `Field` whose name is [start, end), in any case. The range is not empty. */
export function recogniseField(buffer: Buffer, start: number, end: number): number {
  const length = end - start;
  const slot = slotOf(length, LOWER[buffer[start] ?? 0] ?? 0, LOWER[buffer[end - 1] ?? 0] ?? 0);
  if (lengthOfSlot[slot] !== length) return Field.OTHER;
  const at = slot * SLOT_LENGTH;
  const id = idOfSlot[slot] ?? Field.OTHER;
  for (let i = 0; i < length; i++) {
    if (LOWER[buffer[start + i] ?? 0] !== nameOfSlot[at + i])
      return isAlias(buffer, start, at, length) && UNDERSCORED.includes(id) ? Field.ALIAS : Field.OTHER;
  }
  return id;
}

/** Whether the name differs from the one of a slot in `_` for `-` alone. */
function isAlias(buffer: Buffer, start: number, at: number, length: number): boolean {
  for (let i = 0; i < length; i++) {
    const byte = LOWER[buffer[start + i] ?? 0];
    if (byte !== nameOfSlot[at + i] && (byte !== UNDERSCORE || nameOfSlot[at + i] !== DASH)) return false;
  }
  return true;
}

/** Whether a field ends at this hop whatever Connection says. */
export function isHopByHop(id: number): boolean {
  return dropOfId[id] === 1;
}

const X_FORWARDED = bytes('x-forwarded-');

/**
 * Whether Connection may name this field to have it removed. Never one that a recipient behind trusts or needs: a client could
 * otherwise take away what says who it is (CVE-2026-33805). RFC 9110 7.6.1 forbids senders to list such fields. So every
 * recognised field that is not hop-by-hop by itself is safe, and everything that starts with X-Forwarded-.
 */
export function isRemovable(id: number, buffer: Buffer, start: number, end: number): boolean {
  return id === Field.OTHER && !startsWithLower(buffer, start, end, X_FORWARDED);
}
