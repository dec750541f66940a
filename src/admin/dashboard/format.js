/** Between a number and its unit: they stay on one line. */
const SPACE = '\u00a0';
/** Where there is no number. */
export const NONE = '–';

/**
 * @param {number} value
 * @returns {string} three digits, thousands apart
 */
export function formatNumber(value) {
  if (value >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en');
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/**
 * @param {number | null} part 0 to 1
 * @returns {string}
 */
export function formatShare(part) {
  if (part === null) return NONE;
  const percent = part * 100;
  if (percent === 0) return `0${SPACE}%`;
  if (percent < 0.1) return `<${SPACE}0.1${SPACE}%`;
  if (percent > 99.9 && percent < 100) return `>${SPACE}99.9${SPACE}%`;
  return `${Number.isInteger(Number(percent.toFixed(3))) ? percent.toFixed(0) : percent.toFixed(1)}${SPACE}%`;
}

/**
 * @param {number | null} seconds
 * @returns {string}
 */
export function formatDuration(seconds) {
  if (seconds === null) return NONE;
  if (seconds === 0) return '0';
  const ms = seconds * 1000;
  if (ms < 1) return `${ms.toFixed(2)}${SPACE}ms`;
  if (ms < 100) return `${ms.toFixed(1)}${SPACE}ms`;
  if (ms < 1000) return `${ms.toFixed(0)}${SPACE}ms`;
  return `${seconds.toFixed(2)}${SPACE}s`;
}

/**
 * @param {number} ms since 1970
 * @returns {string} the time of day where the reader is
 */
export function formatTime(ms) {
  return new Date(ms).toLocaleTimeString('en-GB');
}

/**
 * @param {number} seconds
 * @returns {string} `3 d 4 h`, `5 min`, `20 s`: the two largest units
 */
export function formatAge(seconds) {
  if (seconds < 60) return `${Math.round(seconds)}${SPACE}s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)}${SPACE}min`;
  const hours = Math.floor(seconds / 3600);
  if (hours < 24) return `${hours}${SPACE}h ${Math.floor((seconds % 3600) / 60)}${SPACE}min`;
  return `${Math.floor(hours / 24)}${SPACE}d ${hours % 24}${SPACE}h`;
}

/**
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 * @returns {string}
 */
export function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString('en')}${SPACE}${count === 1 ? one : many}`;
}
