import { errorText } from './error-text.ts';

/**
 * Why a file could not be read, in words, and what to do about it.
 * @param what what was looked for: `file`, `file or folder`
 * @param whenMissing what to do when it is not there
 */
export function readFailure(
  error: unknown,
  what: string,
  whenMissing: string,
): { readonly reason: string; readonly remedy: string } {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return { reason: `there is no such ${what}`, remedy: whenMissing };
  if (code === 'EISDIR') return { reason: 'it is a folder', remedy: 'name a file' };
  if (code === 'EACCES') {
    return { reason: 'permission denied', remedy: 'let the user that Headgate runs as read it' };
  }
  return { reason: errorText(error), remedy: `check the ${what} and the disk that it is on` };
}
