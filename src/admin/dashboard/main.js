import { byId, setAttribute, setText } from './dom.js';
import { formatTime } from './format.js';
import { PAGE, showList } from './list.js';
import { clearRoute, showRoute } from './route.js';
import { showSummary } from './summary.js';
import { clearVerdict, showVerdict } from './verdict.js';

/** @import { LiveView } from '../live-view.ts' */

const EVERY_MS = 2_000;
const PATIENCE_MS = 5_000;
/** How long the page says that Headgate has been restarted. */
const RESTART_NOTICE_MS = 30_000;

/** What the reader has chosen. The route stands in the address, so that it can be kept and sent to somebody. */
const chosen = { route: routeInAddress(), offset: 0 };
/** @type {LiveView | null} */
let newest = null;
let newestAt = 0;
/** A single route needs no list: it is shown at once. */
let only = '';
let restartedAt = 0;
/** @type {AbortController | null} */
let asking = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

const filters = {
  text: byId('text', HTMLInputElement),
  only: byId('only', HTMLSelectElement),
  sort: byId('sort', HTMLSelectElement),
};

/** The route that is shown; '': the list is. */
function shownRoute() {
  return chosen.route === '' ? only : chosen.route;
}

function routeInAddress() {
  return new URLSearchParams(location.hash.slice(1)).get('route') ?? '';
}

/**
 * Asks now, and then again and again: whatever happens to Headgate, the next answer is whole.
 * @param {() => void} [afterwards]
 */
function ask(afterwards) {
  clearTimeout(timer);
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  const route = shownRoute();
  answer(route, mine.signal)
    .then((view) => {
      if (mine.signal.aborted) return;
      take(view, route);
      afterwards?.();
    }, lost)
    // What is wrong in the page itself is for the console, and ends nothing.
    .catch(reportError)
    .finally(() => {
      if (!mine.signal.aborted && !document.hidden) timer = setTimeout(() => ask(), EVERY_MS);
    });

  /** @param {unknown} error */
  function lost(error) {
    if (!mine.signal.aborted) showLost(error);
  }
}

/**
 * @param {string} route
 * @param {AbortSignal} signal
 * @returns {Promise<LiveView>}
 */
async function answer(route, signal) {
  const response = await fetch(`api/live?${question(route)}`, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
    cache: 'no-store',
  });
  if (!response.ok) throw new Error(`${response.status}: ${(await response.text()).trim()}`);
  return response.json();
}

/** @param {string} route '': the list is asked for */
function question(route) {
  const list = {
    q: filters.text.value,
    only: filters.only.value,
    sort: filters.sort.value,
    offset: String(chosen.offset),
  };
  const query = new URLSearchParams(route === '' ? { ...list, limit: String(PAGE) } : { route, limit: '0' });
  return query.toString();
}

/**
 * @param {LiveView} view
 * @param {string} asked the route that was asked for; '': none
 */
function take(view, asked) {
  if (newest !== null && newest.headgate.startedAt !== view.headgate.startedAt) restartedAt = Date.now();
  newest = view;
  newestAt = Date.now();
  if (view.routes.matching > 0 && chosen.offset >= view.routes.matching) chosen.offset = 0;
  const before = only;
  if (asked === '') only = view.routes.total === 1 ? (view.routes.items[0]?.name ?? '') : '';
  else if (view.route === null || view.routes.total !== 1) only = '';
  setConnection('live', 'Live');
  setAttribute(byId('main'), 'class', null);
  say(noticeOf(view, asked));
  show(view);
  // The single route has come or gone: what is to be shown now was not asked for.
  if (only !== before && chosen.route === '') queueMicrotask(() => ask());
}

/** @param {LiveView} view */
function show(view) {
  const route = shownRoute();
  showSummary(view);
  byId('list-section').hidden = route !== '';
  byId('route-section').hidden = view.route === null;
  byId('back').hidden = chosen.route === '' || chosen.route === only;
  document.title = route === '' ? 'Headgate' : `${route} – Headgate`;
  if (route === '') showList(view.routes);
  if (view.route === null) return;
  showRoute(view.route, view.windowSeconds, quantile());
  showVerdict(view.route);
}

function quantile() {
  const checked = document.querySelector('input[name=quantile]:checked');
  const value = checked instanceof HTMLInputElement ? checked.value : '';
  return value === 'p50' || value === 'p99' ? value : 'p95';
}

/**
 * @param {LiveView} view
 * @param {string} asked
 * @returns {string} '': nothing out of the ordinary
 */
function noticeOf({ headgate: { unready }, route }, asked) {
  if (unready !== null) return `Headgate is not ready: ${unready}.`;
  if (asked !== '' && asked === chosen.route && route === null)
    return `There is no route ${JSON.stringify(asked)} now.`;
  if (Date.now() - restartedAt > RESTART_NOTICE_MS) return '';
  return `Headgate was restarted, seen at ${formatTime(restartedAt)}: its counts began anew.`;
}

/** @param {unknown} error */
function showLost(error) {
  const why =
    error instanceof Error && /^\d{3}: /.test(error.message)
      ? `Headgate answers ${error.message}`
      : 'Headgate does not answer';
  setConnection('lost', 'Connection lost');
  setAttribute(byId('main'), 'class', 'stale');
  say(
    newest === null ? `${why}. Trying again.` : `${why}. These numbers are of ${formatTime(newestAt)}. Trying again.`,
  );
}

/**
 * A live region: what it says changes only when the state does.
 * @param {'live' | 'lost' | 'paused'} state
 * @param {string} text
 */
function setConnection(state, text) {
  setAttribute(byId('connection'), 'data-state', state);
  setText(byId('connection'), text);
}

/** @param {string} text '': nothing to say */
function say(text) {
  byId('notice').hidden = text === '';
  setText(byId('notice'), text);
}

function askWithFilter() {
  chosen.offset = 0;
  ask();
}

addEventListener('hashchange', () => {
  chosen.route = routeInAddress();
  clearRoute();
  clearVerdict();
  if (newest !== null) newest = { ...newest, route: null };
  const title = byId(chosen.route === '' ? 'list-title' : 'route-title');
  ask(() => title.focus());
});
document.addEventListener('visibilitychange', () => {
  if (document.hidden) clearTimeout(timer);
  else ask();
});
byId('filters').addEventListener('submit', (event) => event.preventDefault());
byId('filters').addEventListener('input', askWithFilter);
byId('quantile').addEventListener('change', () => {
  if (newest !== null) show(newest);
});
byId('previous').addEventListener('click', () => {
  chosen.offset = Math.max(chosen.offset - PAGE, 0);
  ask();
});
byId('next').addEventListener('click', () => {
  chosen.offset += PAGE;
  ask();
});
byId('skip').addEventListener('click', () => byId('main').focus());
ask();
