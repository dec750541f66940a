import { byId, keyed, make, setAttribute, setText } from './dom.js';
import { formatDuration, formatNumber, formatShare, formatTime } from './format.js';
import { dashOf } from './looks.js';
import uPlot from './uplot.js';

/** @import { LiveHistory } from '../live-route.ts' */
/** @typedef {{ title: string, look: number, history: LiveHistory }} Line */
/** @typedef {{ id: string, title: string, of: keyof LiveHistory, format: (value: number | null) => string }} Chart */

const HEIGHT = 118;
/** Just after a start there is less to show than five minutes, and an axis has to be of some length. */
const LEAST_SECONDS = 60;
/** Charts stand below each other and share their time: the cursor is in all of them. */
const SYNC = 'route';

/** @type {Map<string, { plot: uPlot, shape: string }>} */
const plots = new Map();

const dark = matchMedia('(prefers-color-scheme: dark)');
dark.addEventListener('change', redrawAll);

/**
 * @param {readonly number[]} times milliseconds since 1970
 * @param {readonly Line[]} lines
 * @param {'p50' | 'p95' | 'p99'} quantile
 */
export function showCharts(times, lines, quantile) {
  /** @type {Chart[]} */
  const charts = [
    { id: 'rate', title: 'Requests/s', of: 'requestsPerSecond', format: (value) => formatNumber(value ?? 0) },
    { id: 'failed', title: 'Failed attempts', of: 'failureRate', format: formatShare },
    { id: 'latency', title: `Latency, ${quantile}`, of: quantile, format: formatDuration },
  ];
  keyed(
    byId('charts'),
    charts,
    ({ id }) => id,
    createFigure,
    (figure, chart) => {
      updateFigure(figure, chart, times, lines);
    },
  );
}

/** Nothing is drawn of a route that is not shown. */
export function clearCharts() {
  for (const { plot } of plots.values()) plot.destroy();
  plots.clear();
  keyed(
    byId('charts'),
    [],
    () => '',
    () => make('div'),
    () => undefined,
  );
}

/** @param {Chart} chart */
function createFigure({ id }) {
  const figure = make('figure', {}, make('figcaption'), make('div', { class: 'plot', role: 'img' }));
  const target = figure.lastElementChild;
  if (target !== null) {
    new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width > 0) plots.get(id)?.plot.setSize({ width, height: HEIGHT });
    }).observe(target);
  }
  return figure;
}

/**
 * @param {HTMLElement} figure
 * @param {Chart} chart
 * @param {readonly number[]} times
 * @param {readonly Line[]} lines
 */
function updateFigure(figure, chart, times, lines) {
  const [caption, target] = figure.children;
  if (caption === undefined || !(target instanceof HTMLElement)) return;
  setText(caption, chart.title);
  setAttribute(target, 'aria-label', describe(chart, lines));
  /** @type {uPlot.AlignedData} */
  const data =
    times.length === 0
      ? [[Date.now() / 1000], ...lines.map(() => [null])]
      : [times.map((time) => time / 1000), ...lines.map(({ history }) => [...history[chart.of]])];
  const shape = JSON.stringify([chart.title, lines.map(({ title, look }) => [title, look]), dark.matches]);
  const known = plots.get(chart.id);
  if (known?.shape === shape) {
    known.plot.setData(data);
    return;
  }
  known?.plot.destroy();
  const width = Math.max(Math.floor(target.getBoundingClientRect().width), 100);
  const plot = new uPlot(options(chart, lines, width, caption), data, target);
  plots.set(chart.id, { plot, shape });
}

/**
 * What a chart says to those who do not see it: its newest numbers. The table has them too.
 * @param {Chart} chart
 * @param {readonly Line[]} lines
 */
function describe({ title, of, format }, lines) {
  const newest = lines.map(({ title: name, history }) => `${name} ${format(history[of].at(-1) ?? null)}`);
  return `${title} over the last five minutes; now ${newest.join(', ')}`;
}

/**
 * @param {Chart} chart
 * @param {readonly Line[]} lines
 * @param {number} width
 * @param {Element} caption
 * @returns {uPlot.Options}
 */
function options(chart, lines, width, caption) {
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue('--muted');
  const grid = { stroke: style.getPropertyValue('--line'), width: 1 };
  const font = `11px ${style.getPropertyValue('--font')}`;
  const axis = { stroke: ink, font, ticks: { show: false } };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { sync: { key: SYNC }, points: { size: 6 }, drag: { x: false, y: false } },
    scales: {
      x: { range: (_, min, max) => [Math.min(min, max - LEAST_SECONDS), max] },
      y: { range: (_, __, max) => [0, topOf(chart.of, max)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 22,
        values: (_, splits) => splits.map((time) => formatTime(time * 1000)),
        space: 90,
      },
      { ...axis, grid, size: 62, values: (_, splits) => splits.map((value) => chart.format(value)), space: 28 },
    ],
    series: [
      {},
      ...lines.map(({ title, look }) => ({
        label: title,
        stroke: style.getPropertyValue(`--version-${look}`),
        width: 1.75,
        dash: dashOf(look),
        points: { show: false },
        // A version with a request now and then has a line, not dots that nobody sees.
        spanGaps: chart.of !== 'requestsPerSecond',
      })),
    ],
    hooks: { setCursor: [(plot) => setText(caption, captionOf(chart, lines, plot))] },
  };
}

/**
 * @param {keyof LiveHistory} of
 * @param {number | null} max
 */
function topOf(of, max) {
  const least = of === 'failureRate' ? 0.02 : of === 'requestsPerSecond' ? 1 : 0.002;
  return Math.max((max ?? 0) * 1.1, least);
}

/**
 * @param {Chart} chart
 * @param {readonly Line[]} lines
 * @param {uPlot} plot
 */
function captionOf({ title, of, format }, lines, plot) {
  const { idx } = plot.cursor;
  const time = typeof idx === 'number' ? plot.data[0][idx] : undefined;
  if (typeof idx !== 'number' || time === undefined) return title;
  const numbers = lines.map(({ title: name }, i) => `${name} ${format(plot.data[i + 1]?.[idx] ?? null)}`);
  return `${title} at ${formatTime(time * 1000)}: ${numbers.join(', ')}${of === 'requestsPerSecond' ? ' a second' : ''}`;
}

/** The colours are those of the scheme that the reader has now. */
function redrawAll() {
  for (const { plot } of plots.values()) plot.destroy();
  plots.clear();
}
