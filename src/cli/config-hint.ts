/** `(did you mean --config my.yaml?)` for a command line that names a file without `--config`; otherwise ''. */
export function configHint(args: readonly string[]): string {
  const [command = '', ...rest] = args;
  if (!['serve', 'check', 'explain'].includes(command)) return '';
  if (rest.some((arg) => /^(?:-c|--config(?:=|$))/.test(arg))) return '';
  const file = rest.find((arg) => /^[^-].*\.(?:ya?ml|json)$/.test(arg));
  return file === undefined ? '' : `(did you mean --config ${file}?)\n`;
}
