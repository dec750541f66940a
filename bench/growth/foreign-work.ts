/** Works for some milliseconds of every so many, and has nothing to do with Headgate: `foreign-work.ts BUSY PERIOD`. */
const [busy = 0, period = 0] = process.argv.slice(2).map(Number);

setInterval(() => {
  const until = performance.now() + busy;
  while (performance.now() < until);
}, period);
