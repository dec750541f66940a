/** One mistake and where it is. */
export interface Mistake {
  /** As the user named the file. */
  readonly file: string;
  /** From 1; 0: the file as a whole (it cannot be read). */
  readonly line: number;
  readonly column: number;
  /** `routes[0].headers[1].to`; empty: the document as a whole. */
  readonly path: string;
  readonly message: string;
  /** What to write instead; null where the message says it all. */
  readonly remedy: string | null;
}

/** `HEADGATE_CONFIG_UNREADABLE`: no such file or no right to read it. `HEADGATE_CONFIG_INVALID`: everything else. */
export type ConfigErrorCode = 'HEADGATE_CONFIG_UNREADABLE' | 'HEADGATE_CONFIG_INVALID';

/** Every mistake of a configuration file, sorted by place; `message` has one line for each. */
export class ConfigError extends Error {
  readonly code: ConfigErrorCode;
  readonly mistakes: readonly Mistake[];
  /** Absolute paths of what was read, or looked for in vain, besides the configuration file: a change of one may mend it. */
  readonly files: readonly string[];

  constructor(code: ConfigErrorCode, mistakes: readonly Mistake[], files: readonly string[] = []) {
    super(mistakes.map(formatMistake).join('\n'));
    this.name = 'ConfigError';
    this.code = code;
    this.mistakes = mistakes;
    this.files = files;
  }
}

/** `file:line:column path: message (remedy)`. */
function formatMistake(mistake: Mistake): string {
  const place = mistake.line === 0 ? mistake.file : `${mistake.file}:${mistake.line}:${mistake.column}`;
  const path = mistake.path === '' ? '' : ` ${mistake.path}`;
  const remedy = mistake.remedy === null ? '' : ` (${mistake.remedy})`;
  return `${place}${path}: ${mistake.message}${remedy}`;
}
