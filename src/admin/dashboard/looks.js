/** Looks that there are: colours --version-0 and so on in dashboard.css, and a dash each, so that colour is never all that tells. */
const LOOKS = 6;
/** @type {readonly (readonly number[])[]} */
const DASHES = [[], [7, 3], [2, 3], [10, 3, 2, 3], [4, 2], [1, 2]];

/**
 * What makes versions of a route tell apart: production is the first, what may replace it the second, whatever their order.
 * @param {readonly { readonly role: string }[]} versions
 * @returns {number[]}
 */
export function looksOf(versions) {
  let next = 0;
  const taken = new Set();
  return versions.map(({ role }, index) => {
    const wanted = role === 'stable' || role === 'active' ? 0 : role === 'canary' || role === 'preview' ? 1 : null;
    const look =
      role === 'static' ? index % LOOKS : wanted !== null && !taken.has(wanted) ? wanted : 2 + (next++ % (LOOKS - 2));
    taken.add(look);
    return look;
  });
}

/**
 * Pixels on and off, for a canvas.
 * @param {number} look
 * @returns {number[]}
 */
export function dashOf(look) {
  return [...(DASHES[look] ?? [])];
}

/**
 * What people call a version.
 * @param {{ readonly role: string, readonly name: string, readonly experiment?: string }} version
 * @returns {string}
 */
export function titleOf({ role, name, experiment = '' }) {
  if (role === 'experiment' && experiment !== '') return `${experiment} ${name}`;
  return role === 'static' || role === name ? name : `${role} ${name}`;
}
