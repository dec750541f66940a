// Runs on any Node.js, however old: nothing here that ES5 does not have.
'use strict';

var NEEDED = [24, 12];

/**
 * One line that says what Headgate needs, what there is and what to do; null where the version is new enough.
 * @param {string} version as in process.versions.node
 * @param {boolean} checkout this is the repository, where npm scripts run on the Node.js that `npm ci` installs
 * @returns {string | null}
 */
exports.complaint = function complaint(version, checkout) {
  var found = version.split('.').map(Number);
  if (found[0] > NEEDED[0] || (found[0] === NEEDED[0] && found[1] >= NEEDED[1])) return null;
  var needs = ['headgate needs Node.js', NEEDED.join('.'), 'or newer; this is', version].join(' ');
  var remedy = checkout
    ? 'here, npm brings its own: npm run -s headgate -- ARGUMENTS'
    : 'install one from https://nodejs.org';
  return [needs, remedy].join('; ');
};
