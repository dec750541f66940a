import { byId, keyed, make, setAttribute, setCells, setText } from './dom.js';
import { formatNumber } from './format.js';

/** @import { LiveRoute } from '../live-route.ts' */
/** @import { Shown } from './shown.js' */

/** Where a rule was written. */
const PLACES = { route: 'configuration', step: "the Rollout's steps", experiment: 'experiments' };

/**
 * Who answers for whom, and how often that happened.
 * @param {LiveRoute['fallbacks']} fallbacks
 * @param {readonly Shown[]} versions
 */
export function showFallbacks(fallbacks, versions) {
  const ways = versions.map(({ title, fallback }) => {
    return `for ${title} ${fallback.length === 0 ? 'nobody' : fallback.join(', then ')}`;
  });
  setText(byId('ways'), `Who answers when a version cannot: ${ways.join('; ')}.`);
  byId('fallbacks-table').hidden = fallbacks.length === 0;
  byId('no-fallbacks').hidden = fallbacks.length > 0;
  keyed(
    byId('fallbacks'),
    fallbacks,
    ({ from, to, reason }) => JSON.stringify([from, to, reason]),
    () => make('tr'),
    (row, { from, to, reason, perSecond, recent, total }) => {
      const numbers = [perSecond, recent, total].map(formatNumber);
      setCells(row, [from, to, reason.replaceAll('_', ' '), ...numbers]);
      for (const cell of [...row.children].slice(3)) setAttribute(cell, 'class', 'number');
    },
  );
}

/** @param {LiveRoute} route */
export function showRules({ rules, rulesTotal }) {
  byId('rules-table').hidden = rules.length === 0;
  byId('no-rules').hidden = rules.length > 0;
  const more = rulesTotal > rules.length ? `: the first ${rules.length} of ${rulesTotal}` : '';
  setText(byId('rules-title'), `Header rules${more}`);
  keyed(
    byId('rules'),
    rules.map((rule, index) => ({ ...rule, index })),
    ({ index }) => String(index),
    () => make('tr', {}, make('th', { scope: 'row' }, make('code'), make('span', { class: 'place' })), make('td')),
    (row, { header, match, to, asked, reason, origin }) => {
      const [head, target] = row.children;
      const who = to.length === 0 ? 'nobody: 503' : to.join(' and ');
      const why = reason === null ? '' : ` (${asked} is ${reason.replaceAll('_', ' ')})`;
      if (head?.firstElementChild) setText(head.firstElementChild, `${header} ${match}`);
      if (head?.lastElementChild) setText(head.lastElementChild, `from ${PLACES[origin]}`);
      if (target !== undefined) setText(target, `${who}${why}`);
    },
  );
}

/** @param {readonly Shown[]} versions */
export function showEndpoints(versions) {
  keyed(
    byId('endpoints'),
    versions,
    ({ key }) => key,
    () => make('div', {}, make('h4', {}, make('i', { 'aria-hidden': 'true' }), make('span')), make('ul')),
    (element, { title, look, listed, endpoints }) => {
      setAttribute(element, 'class', `look-${look}`);
      const [heading, list] = element.children;
      const more = endpoints.total > listed.length ? `, ${listed.length} of ${endpoints.total} shown` : '';
      const none = endpoints.total === 0 ? ': none' : more;
      if (heading?.lastElementChild) setText(heading.lastElementChild, `${title}${none}`);
      if (list === undefined) return;
      keyed(
        list,
        listed,
        ({ address }) => address,
        ({ address }) => make('li', {}, make('code', {}, address), make('span')),
        (item, { state }) => {
          setAttribute(item, 'class', state);
          if (item.lastElementChild !== null) setText(item.lastElementChild, state);
        },
      );
    },
  );
}
