// Runs on any Node.js, however old: nothing here that ES5 does not have.
'use strict';

var NEEDED = [24, 12];

/**
 * One line that says what Headgate needs and what there is; null where the version is new enough.
 * @param {string} version as in process.versions.node
 * @returns {string | null}
 */
exports.complaint = function complaint(version) {
  var found = version.split('.').map(Number);
  if (found[0] > NEEDED[0] || (found[0] === NEEDED[0] && found[1] >= NEEDED[1])) return null;
  return ['headgate needs Node.js', NEEDED.join('.'), 'or newer; this is', version].join(' ');
};
