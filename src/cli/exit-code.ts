/** What the process returns: 0 fine, 1 it failed while it ran, 2 the command line or the configuration is wrong. */
export type ExitCode = 0 | 1 | 2;
