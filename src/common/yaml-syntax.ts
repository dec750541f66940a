const QUOTES = 'put a text with ": " in quotes, and a ":" behind each key';

/** What to do about an error of the `yaml` package, by its code. */
const REMEDIES: Readonly<Record<string, string>> = {
  BAD_INDENT: 'begin the lines of one map or list in the same column, and close every bracket and quote',
  MISSING_CHAR: 'close every bracket and quote, and leave a blank behind ":" and "-"',
  BLOCK_AS_IMPLICIT_KEY: QUOTES,
  MULTILINE_IMPLICIT_KEY: QUOTES,
  BAD_SCALAR_START: 'put the text in quotes',
  BAD_ALIAS: 'put a text that begins with "*" or "&" in quotes',
  BAD_DQ_ESCAPE: 'write \\\\ for a backslash, or take single quotes',
  DUPLICATE_KEY: 'keep one of them',
};

/** An error of YAML's syntax in words, with what to do about it. */
export function explainSyntax(error: { readonly code: string; readonly message: string }): {
  readonly message: string;
  readonly remedy: string;
} {
  if (error.code === 'MULTIPLE_DOCS') {
    return { message: 'is more than one YAML document', remedy: 'remove the "---" in between' };
  }
  if (error.code === 'TAB_AS_INDENT') return { message: 'is indented with a tab', remedy: 'YAML wants blanks' };
  const [line = error.code] = error.message.split('\n');
  return {
    message: `is not valid YAML: ${line}`,
    remedy: REMEDIES[error.code] ?? 'correct it there or in the line above',
  };
}
