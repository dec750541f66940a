import { byId, keyed, make, setAttribute, setCells, setText } from './dom.js';
import { formatDuration, formatNumber, formatShare, NONE } from './format.js';

/** @import { Shown } from './shown.js' */
/** @typedef {{ name: string, value: (version: Shown) => string, bad?: (version: Shown) => boolean }} Row */

const BAD_RATE = 0.05;
/** A narrower piece of a bar, in pixels, has no room for words. */
const WORDS_FROM = 100;

/** @type {readonly Row[]} */
const ROWS = [
  { name: 'Weight', value: ({ wanted }) => (wanted === null ? 'by rule' : formatShare(wanted)) },
  { name: 'Observed share', value: ({ share }) => formatShare(share) },
  { name: 'Requests/s', value: ({ requestsPerSecond }) => formatNumber(requestsPerSecond) },
  { name: 'Failed attempts', value: failedOf, bad: ({ failureRate }) => (failureRate ?? 0) >= BAD_RATE },
  { name: 'p50', value: ({ p50 }) => formatDuration(p50) },
  { name: 'p95', value: ({ p95 }) => formatDuration(p95) },
  { name: 'p99', value: ({ p99 }) => formatDuration(p99) },
  { name: 'In flight', value: inFlightOf },
  {
    name: 'Endpoints',
    value: ({ endpoints: { usable, total } }) => (usable === total ? `${total}` : `${usable} of ${total}`),
    bad: ({ endpoints: { usable, total } }) => usable < total || total === 0,
  },
];

/**
 * Two bars, one above the other: the weights, and what came of them. The table says it in numbers.
 * @param {readonly Shown[]} versions
 */
export function showSplit(versions) {
  const bars = [
    { name: 'Weight', part: (/** @type {Shown} */ { wanted }) => wanted ?? 0 },
    { name: 'Observed', part: (/** @type {Shown} */ { share }) => share ?? 0 },
  ];
  keyed(
    byId('split'),
    bars,
    ({ name }) => name,
    ({ name }) => make('div', { class: 'split-row' }, make('span', {}, name), make('div', { class: 'split-bar' })),
    (element, { part }) => {
      if (element.lastElementChild !== null) showBar(element.lastElementChild, versions, part);
    },
  );
}

/**
 * @param {Element} bar
 * @param {readonly Shown[]} versions
 * @param {(version: Shown) => number} part
 */
function showBar(bar, versions, part) {
  setAttribute(bar, 'data-empty', versions.some((version) => part(version) > 0) ? null : 'no requests yet');
  const width = bar.clientWidth;
  keyed(
    bar,
    versions.filter(({ wanted }) => wanted !== null),
    ({ key }) => key,
    () => make('span'),
    (piece, version) => {
      const share = part(version);
      setAttribute(piece, 'class', `look-${version.look}`);
      piece.style.width = `${share * 100}%`;
      setText(piece, share * width >= WORDS_FROM ? `${wordOf(version)} ${formatShare(share)}` : '');
    },
  );
}

/**
 * A column for each version, a row for each measure: what is to be compared stands side by side.
 * @param {readonly Shown[]} versions
 */
export function showVersions(versions) {
  const corner = { key: '', look: -1, role: '', name: '' };
  keyed(
    byId('versions-head'),
    [corner, ...versions],
    ({ key }) => key,
    ({ look }) =>
      look < 0
        ? make('td')
        : make('th', { scope: 'col' }, make('i', { 'aria-hidden': 'true' }), make('strong'), ' ', make('code')),
    (cell, version) => {
      if (version.look < 0) return;
      setAttribute(cell, 'class', `look-${version.look}`);
      const [, word, hash] = cell.children;
      if (word !== undefined) setText(word, wordOf(version));
      if (hash !== undefined) setText(hash, version.role === 'static' ? '' : version.name);
    },
  );
  keyed(
    byId('versions'),
    ROWS,
    ({ name }) => name,
    () => make('tr'),
    (row, { name, value, bad }) => {
      setCells(row, [name, ...versions.map(value)]);
      for (const [i, version] of versions.entries()) {
        const cell = row.children[i + 1];
        if (cell !== undefined) setAttribute(cell, 'class', bad?.(version) === true ? 'bad' : null);
      }
    },
  );
}

/** @param {{ readonly role: string, readonly name: string }} version */
function wordOf({ role, name }) {
  return role === 'static' ? name : role;
}

/** @param {Shown} version */
function failedOf({ failureRate, failures }) {
  if (failureRate === null) return NONE;
  return failures === 0 ? formatShare(0) : `${formatShare(failureRate)} (${formatNumber(failures)})`;
}

/** @param {Shown} version */
function inFlightOf({ inFlight, pending }) {
  return pending === 0 ? formatNumber(inFlight) : `${formatNumber(inFlight)}, ${formatNumber(pending)} waiting`;
}
