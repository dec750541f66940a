/**
 * A reader that goes away (`headgate check … | head -1`) takes nothing from what a command finds: it runs on to its own
 * exit code and says no more. Anything else that keeps its words from going out is a failure.
 */
export function outliveReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    process.stderr.write(`headgate: standard output cannot be written to (${error.message})\n`);
    process.exitCode = 1;
  });
  process.stderr.on('error', () => undefined);
}
