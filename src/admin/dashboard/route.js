import { clearCharts, showCharts } from './charts.js';
import { showEndpoints, showFallbacks, showRules } from './details.js';
import { byId, setText } from './dom.js';
import { formatAge, formatShare } from './format.js';
import { titleOf } from './looks.js';
import { shownVersions } from './shown.js';
import { showSplit, showVersions } from './versions.js';

/** @import { LiveRoute } from '../live-route.ts' */
/** @import { Shown } from './shown.js' */

/** The look of versions that are gone. */
const GONE_LOOK = 5;

/** What was last said of the weights. */
let announced = { route: '', text: '' };

/**
 * @param {LiveRoute} route
 * @param {number} windowSeconds
 * @param {'p50' | 'p95' | 'p99'} quantile
 */
export function showRoute(route, windowSeconds, quantile) {
  const versions = shownVersions(route);
  showHead(route);
  announce(route.name, versions);
  showSplit(versions);
  showVersions(versions);
  showWindow(windowSeconds, route.shareSeconds);
  const gone = route.gone.map((version) => {
    return { title: `${titleOf(version)}, gone`, look: GONE_LOOK, history: version.history };
  });
  showCharts(route.times, [...versions, ...gone], quantile);
  showFallbacks(route.fallbacks, versions);
  showRules(route);
  showEndpoints(versions);
}

/** Before another route is shown. */
export function clearRoute() {
  clearCharts();
}

/** @param {LiveRoute} route */
function showHead({ name, hosts, path, rollout, because }) {
  setText(byId('route-title'), name);
  const kind = rollout === null ? 'static versions' : `Rollout ${rollout}`;
  const reason = because === null ? '' : ` · ${because}`;
  setText(byId('match'), `${hosts.length === 0 ? 'any host' : hosts.join(', ')}, ${path} · ${kind}${reason}`);
}

/**
 * A change of weights is said once; numbers that move all the time are not.
 * @param {string} route
 * @param {readonly Shown[]} versions
 */
function announce(route, versions) {
  const weighted = versions.filter(({ wanted }) => wanted !== null);
  const text = weighted.map(({ title, wanted }) => `${title} ${formatShare(wanted)}`).join(', ');
  if (announced.route === route && announced.text !== text) setText(byId('announcement'), `Weights: ${text}`);
  announced = { route, text };
}

/**
 * @param {number} windowSeconds
 * @param {number} shareSeconds
 */
function showWindow(windowSeconds, shareSeconds) {
  const anew =
    shareSeconds === 0
      ? 'begins anew: the weights have just changed'
      : `over the ${formatAge(shareSeconds)} since the weights changed`;
  const share = shareSeconds < windowSeconds ? `, the share ${anew}` : '';
  const first = `Rates and quantiles are over the last ${formatAge(windowSeconds)}${share}.`;
  setText(byId('window'), `${first} A failed attempt counts for its version although another one answered.`);
}
