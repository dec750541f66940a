import { byId, keyed, make, setAttribute, setText } from './dom.js';
import { formatNumber, formatShare, NONE } from './format.js';
import { looksOf } from './looks.js';

/** @import { LiveRow } from '../live-rows.ts' */
/** @import { LiveView } from '../live-view.ts' */

/** Routes on a page. */
export const PAGE = 50;

/**
 * The routes that the filter leaves.
 * @param {LiveView['routes']} routes
 */
export function showList({ total, matching, offset, items }) {
  const counted = matching === total ? `${total}` : `${matching} of ${total}`;
  setText(byId('list-title'), `Routes (${counted})`);
  keyed(byId('rows'), items, ({ name }) => name, createRow, updateRow);
  byId('no-rows').hidden = matching > 0;
  setText(byId('no-rows'), total === 0 ? 'There is no route: every request gets 404.' : 'No route matches.');
  byId('pager').hidden = matching <= PAGE;
  setText(byId('page'), `${offset + 1} to ${offset + items.length} of ${matching}`);
  byId('previous', HTMLButtonElement).disabled = offset === 0;
  byId('next', HTMLButtonElement).disabled = offset + items.length >= matching;
}

/** @param {LiveRow} row */
function createRow({ name }) {
  const link = make('a', { href: `#route=${encodeURIComponent(name)}` }, name);
  return make(
    'tr',
    {},
    make('th', { scope: 'row' }, link, make('span', { class: 'place' })),
    make('td', {}, make('div', { class: 'mix', 'aria-hidden': 'true' }), make('ul', { class: 'mix-names' })),
    make('td', { class: 'number' }),
    make('td', { class: 'number' }),
  );
}

/**
 * @param {HTMLElement} element
 * @param {LiveRow} row
 */
function updateRow(element, row) {
  const [head, mix, rate, failed] = element.children;
  if (head === undefined || mix === undefined || rate === undefined || failed === undefined) return;
  if (head.lastElementChild !== null) setText(head.lastElementChild, placeOf(row));
  const looks = looksOf(row.versions);
  const versions = row.versions.map((version, index) => ({ ...version, look: looks[index] ?? 0, index }));
  const [bar, names] = mix.children;
  if (bar !== undefined) showMix(bar, versions);
  if (names !== undefined) {
    keyed(
      names,
      versions,
      ({ index }) => String(index),
      () => make('li', {}, make('i', { 'aria-hidden': 'true' }), make('span')),
      (item, { look, role, name, wanted, endpoints }) => {
        setAttribute(item, 'class', `look-${look}`);
        const weight = wanted === null ? '' : ` ${formatShare(wanted)}`;
        const what = role === 'static' ? name : role;
        const none = endpoints.usable === 0 ? ', no usable endpoint' : '';
        if (item.lastElementChild !== null) setText(item.lastElementChild, `${what}${weight}${none}`);
      },
    );
  }
  setText(rate, formatNumber(row.requestsPerSecond));
  setText(failed, row.failureRate === null ? NONE : formatShare(row.failureRate));
  setAttribute(failed, 'class', (row.failureRate ?? 0) >= 0.05 ? 'number bad' : 'number');
}

/** @param {LiveRow} row */
function placeOf({ rollout, hosts, moreHosts, path, name }) {
  const host = hosts.length === 0 ? 'any host' : hosts.join(', ') + (moreHosts > 0 ? ` and ${moreHosts} more` : '');
  const where = `${host}${path === '/' ? '' : ` ${path}`}`;
  return rollout === null || rollout.endsWith(`/${name}`) ? where : `${rollout} · ${where}`;
}

/**
 * A bar in the versions' colours, as wide as their weights.
 * @param {Element} bar
 * @param {readonly { readonly look: number, readonly wanted: number | null, readonly index: number }[]} versions
 */
function showMix(bar, versions) {
  const parts = versions.filter(({ wanted }) => (wanted ?? 0) > 0);
  keyed(
    bar,
    parts,
    ({ index }) => String(index),
    () => make('span'),
    (part, { look, wanted }) => {
      setAttribute(part, 'class', `look-${look}`);
      part.style.width = `${(wanted ?? 0) * 100}%`;
    },
  );
}
