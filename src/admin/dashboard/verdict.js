import { byId, keyed, make, setAttribute, setText } from './dom.js';
import { formatAge, formatNumber, NONE } from './format.js';
import { createInterval, updateInterval } from './interval.js';
import { titleOf } from './looks.js';

/** @import { LiveRoute } from '../live-route.ts' */
/** @typedef {{ name: string, verdict: string, estimate: number | null, interval: (number | null)[], margin: number }} Metric */
/**
 * What /api/analysis answers, as far as it is shown.
 * @typedef {{
 *   verdict: 'pass' | 'fail' | 'inconclusive',
 *   reason: string,
 *   seconds: number | null,
 *   candidate: { attempts: number },
 *   baseline: { attempts: number },
 *   metrics: Metric[],
 * }} Analysis
 */

/** A verdict changes slowly, and is the dearest answer that Headgate gives. */
const EVERY_MS = 10_000;
const PATIENCE_MS = 8_000;
const CANDIDATES = ['canary', 'preview', 'experiment'];
/** Versions that are asked about: an experiment may have any number of them. */
const MOST = 4;
/** How each word is shown: a sign beside it, so that colour is not all that tells. */
const SIGNS = { pass: '✓', fail: '✕', inconclusive: '○' };

const LEGEND = ' The line stands for no difference, the dotted one for what is allowed.';

let askedAt = 0;
let askedFor = '';

/** Before another route is shown. */
export function clearVerdict() {
  askedFor = '';
  byId('verdict-section').hidden = true;
}

/** @param {LiveRoute} route */
export function showVerdict(route) {
  const candidates = route.versions.filter(({ role }) => CANDIDATES.includes(role)).slice(0, MOST);
  const what = JSON.stringify([route.name, candidates.map(({ role, name }) => [role, name])]);
  if (candidates.length === 0) {
    clearVerdict();
    return;
  }
  if (what === askedFor && Date.now() - askedAt < EVERY_MS) return;
  if (what !== askedFor) byId('verdict-section').hidden = true;
  askedFor = what;
  askedAt = Date.now();
  Promise.all(candidates.map((version) => askAbout(route.name, version)))
    .then((answers) => {
      if (what !== askedFor) return;
      const known = answers.flatMap((answer, index) => (answer === null ? [] : [{ ...answer, key: String(index) }]));
      byId('verdict-section').hidden = known.length === 0;
      keyed(byId('verdicts'), known, ({ key }) => key, createVerdict, updateVerdict);
    })
    .catch(reportError);
}

/**
 * @param {string} route
 * @param {{ role: string, name: string, experiment: string }} version
 * @returns {Promise<{ title: string, analysis: Analysis | null, error: string } | null>} null: Headgate could not be asked
 */
async function askAbout(route, version) {
  const query = new URLSearchParams({ route, candidate: version.name });
  try {
    const response = await fetch(`api/analysis?${query}`, {
      signal: AbortSignal.timeout(PATIENCE_MS),
      cache: 'no-store',
    });
    const title = titleOf(version);
    // The route or the version has gone in the meantime.
    if (response.status === 404) return null;
    if (!response.ok) return { title, analysis: null, error: (await response.text()).trim() };
    return { title, analysis: await response.json(), error: '' };
  } catch {
    // The page says already that the connection is lost.
    return null;
  }
}

function createVerdict() {
  const columns = ['Measure', 'Verdict', 'Difference and interval', 'Allowed'];
  const head = make('tr', {}, ...columns.map((name) => make('th', { scope: 'col' }, name)));
  return make(
    'article',
    { class: 'verdict' },
    make('h4', {}, make('i', { 'aria-hidden': 'true' }), make('span')),
    make('p'),
    make('table', { class: 'plain' }, make('thead', {}, head), make('tbody')),
    make('p', { class: 'note' }, make('span'), make('span', { class: 'legend' }, LEGEND)),
  );
}

/**
 * @param {HTMLElement} element
 * @param {{ title: string, analysis: Analysis | null, error: string }} answer
 */
function updateVerdict(element, { title, analysis, error }) {
  const [heading, reason, table, note] = element.children;
  const body = table?.querySelector('tbody');
  if (!heading || !reason || !(table instanceof HTMLElement) || !body || !note) return;
  const [sign, name] = heading.children;
  const verdict = analysis?.verdict ?? 'inconclusive';
  setAttribute(element, 'data-verdict', verdict);
  if (sign) setText(sign, SIGNS[verdict]);
  if (name) setText(name, `${title}: ${analysis === null ? 'no verdict' : verdict}`);
  setText(reason, analysis?.reason ?? error);
  const metrics = analysis?.metrics ?? [];
  table.hidden = metrics.length === 0;
  keyed(
    body,
    metrics,
    (metric) => metric.name,
    () => make('tr', {}, make('th', { scope: 'row' }), make('td'), createDifference(), make('td')),
    updateMetric,
  );
  const seconds = analysis?.seconds ?? null;
  const counted =
    analysis === null
      ? ''
      : `${formatNumber(analysis.candidate.attempts)} attempts beside ${formatNumber(analysis.baseline.attempts)}`;
  if (note.firstElementChild !== null) {
    setText(note.firstElementChild, seconds === null ? counted : `${counted}, counted for ${formatAge(seconds)}.`);
  }
  if (note.lastElementChild instanceof HTMLElement) note.lastElementChild.hidden = metrics.length === 0;
}

function createDifference() {
  return make('td', {}, make('span'), createInterval(), make('span', { class: 'place' }));
}

/**
 * @param {HTMLElement} row
 * @param {Metric} metric
 */
function updateMetric(row, { name, verdict, estimate, interval, margin }) {
  const [measure, word, difference, allowed] = row.children;
  const [found, picture, range] = difference?.children ?? [];
  if (!measure || !word || !found || !picture || !range || !allowed) return;
  const say = name === 'error-rate' ? pointsOf : percent;
  setText(measure, name);
  setText(word, verdict);
  setText(found, say(estimate));
  // What holds everything that can be says nothing: no interval is shown before there is something to compare.
  setText(range, estimate === null ? 'nothing to compare yet' : sayInterval(interval, say));
  setAttribute(picture, 'visibility', estimate === null ? 'hidden' : 'visible');
  const [low = null, high = null] = interval;
  updateInterval(picture, { estimate, low, high, margin });
  setAttribute(row, 'data-verdict', verdict);
  setText(allowed, say(margin));
}

/** @typedef {(value: number | null) => string} Saying */

/** @type {Saying} */
function pointsOf(rate) {
  return rate === null ? NONE : points(signed(rate * 100));
}

/** @param {string} number */
function points(number) {
  return `${number}\u00a0${/^.1$/.test(number) ? 'point' : 'points'}`;
}

/** @type {Saying} */
function percent(ratio) {
  return ratio === null ? NONE : `${signed(ratio * 100)}\u00a0%`;
}

/** @param {number} value */
function signed(value) {
  const digits = Math.abs(value) >= 10 ? 0 : Math.abs(value) >= 1 ? 1 : 2;
  const text = String(Number(Math.abs(value).toFixed(digits)));
  return text === '0' ? '0' : `${value < 0 ? '−' : '+'}${text}`;
}

/**
 * @param {readonly (number | null)[]} interval null: nothing bounds it on that side
 * @param {Saying} say
 */
function sayInterval([low = null, high = null], say) {
  if (high === null) return `${say(low)} or more`;
  return low === null ? `${say(high)} or less` : `${say(low)} to ${say(high)}`;
}
