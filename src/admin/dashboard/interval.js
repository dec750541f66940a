const NAMESPACE = 'http://www.w3.org/2000/svg';
const WIDTH = 160;
const HEIGHT = 14;
/** To how many margins on either side of "no difference" it reaches, at least and at most. */
const REACH = { least: 4, most: 60 };

/**
 * An interval as a line: where there is no difference, what is allowed, what was found. What is beyond the edge ends there.
 * The numbers beside it say the same.
 */
export function createInterval() {
  const svg = document.createElementNS(NAMESPACE, 'svg');
  for (const [name, value] of Object.entries({
    width: WIDTH,
    height: HEIGHT,
    'aria-hidden': 'true',
    class: 'interval',
  })) {
    svg.setAttribute(name, String(value));
  }
  for (const part of ['none', 'allowed', 'range']) {
    const line = document.createElementNS(NAMESPACE, 'line');
    line.setAttribute('class', part);
    svg.append(line);
  }
  const dot = document.createElementNS(NAMESPACE, 'circle');
  dot.setAttribute('r', '3.5');
  svg.append(dot);
  return svg;
}

/**
 * @param {Element} svg
 * @param {{ estimate: number | null, low: number | null, high: number | null, margin: number }} interval
 */
export function updateInterval(svg, { estimate, low, high, margin }) {
  const [zero, allowed, range, dot] = svg.children;
  const unit = margin > 0 ? margin : 0.01;
  const farthest = Math.max(...[estimate, low, high].map((value) => Math.abs(value ?? 0)));
  const span = Math.min(Math.max(farthest * 1.1, REACH.least * unit), REACH.most * unit);
  const place = (/** @type {number} */ value) => {
    const part = (value + span) / (2 * span);
    return Math.min(Math.max(part, 0), 1) * (WIDTH - 8) + 4;
  };
  setLine(zero, place(0), place(0), HEIGHT);
  setLine(allowed, place(margin), place(margin), HEIGHT);
  setLine(range, low === null ? 0 : place(low), high === null ? WIDTH : place(high), 0);
  dot?.setAttribute('cx', String(place(estimate ?? 0)));
  dot?.setAttribute('cy', String(HEIGHT / 2));
  dot?.setAttribute('visibility', estimate === null ? 'hidden' : 'visible');
}

/**
 * @param {Element | undefined} line
 * @param {number} from
 * @param {number} to
 * @param {number} height
 */
function setLine(line, from, to, height) {
  line?.setAttribute('x1', String(from));
  line?.setAttribute('x2', String(to));
  line?.setAttribute('y1', String((HEIGHT - height) / 2));
  line?.setAttribute('y2', String((HEIGHT + height) / 2));
}
