import { byId, keyed, make, setAttribute, setText } from './dom.js';
import { formatAge, formatNumber, formatShare, NONE, plural } from './format.js';

/** @import { LiveView } from '../live-view.ts' */

/**
 * What holds for the whole process.
 * @param {LiveView} view
 */
export function showSummary(view) {
  showProcess(view);
  showFigures(view);
  showProblems(view.problems);
}

/** @param {LiveView} view */
function showProcess({ headgate: { version, startedAt, generation, workers }, now }) {
  const behind = workers.filter((applied) => applied !== generation).length;
  const threads = plural(workers.length, 'worker');
  const state = behind === 0 ? threads : `${threads}, ${behind} behind`;
  const up = `up ${formatAge(Math.max(now - startedAt, 0) / 1000)}`;
  setText(byId('process'), `version ${version} · table ${generation} · ${state} · ${up}`);
}

/** @param {LiveView} view */
function showFigures({ totals, routes }) {
  const figures = [
    { name: 'Requests/s', value: formatNumber(totals.requestsPerSecond), bad: false },
    {
      name: 'Failed attempts',
      value: totals.failureRate === null ? NONE : formatShare(totals.failureRate),
      bad: (totals.failureRate ?? 0) >= 0.05,
    },
    { name: 'Without a route, a second', value: formatNumber(totals.unroutedPerSecond), bad: false },
    { name: 'Routes', value: formatNumber(routes.total), bad: false },
    { name: 'With a candidate', value: formatNumber(totals.moving), bad: false },
  ];
  byId('summary-section').hidden = false;
  keyed(
    byId('summary'),
    figures,
    ({ name }) => name,
    ({ name }) => make('div', {}, make('dt', {}, name), make('dd')),
    (element, { value, bad }) => {
      const dd = element.lastElementChild;
      if (dd === null) return;
      setText(dd, value);
      setAttribute(dd, 'class', bad ? 'bad' : null);
    },
  );
}

/** @param {LiveView['problems']} problems */
function showProblems({ count, items }) {
  byId('problems-section').hidden = count === 0;
  setText(
    byId('problems-title'),
    count > items.length ? `Problems: the first ${items.length} of ${count}` : 'Problems',
  );
  const seen = new Map();
  const numbered = items.map((item) => {
    const key = JSON.stringify(item);
    const number = (seen.get(key) ?? 0) + 1;
    seen.set(key, number);
    return { ...item, key: `${key} ${number}` };
  });
  keyed(
    byId('problems'),
    numbered,
    ({ key }) => key,
    ({ place, message, remedy }) =>
      make('li', {}, make('code', {}, place), ' ', message, make('span', { class: 'remedy' }, remedy)),
    () => undefined,
  );
}
