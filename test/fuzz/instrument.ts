const CONDITION = /\b(?:if|while) \(/g;
const CASE = /^( +(?:case [\w.]+|default):)$/gm;

/**
 * TypeScript source with a call of `globalThis.fuzzBranch(id, condition)` around the condition of each `if` and `while`, and one in
 * each case of a switch. Knows just enough of the language for formatted source without parentheses in strings within conditions; what it
 * breaks does not compile.
 *
 * @param firstId ids are given from here on.
 * @returns how many ways the branches have in all, as well.
 */
export function instrument(source: string, firstId: number): { source: string; nextId: number; sides: number } {
  let id = firstId;
  let sides = 0;
  let result = '';
  let at = 0;
  for (const match of source.matchAll(CONDITION)) {
    const open = match.index + match[0].length;
    const close = closing(source, open);
    // One within another's condition stays as it is.
    if (open < at || close < 0) continue;
    result += `${source.slice(at, open)}globalThis.fuzzBranch(${id}, ${source.slice(open, close)})`;
    id += 1;
    sides += 2;
    at = close;
  }
  result += source.slice(at);
  result = result.replace(CASE, (label: string) => {
    sides += 1;
    return `${label} globalThis.fuzzBranch(${id++}, true);`;
  });
  return { source: result, nextId: id, sides };
}

/** The position of the parenthesis that closes the one before `from`; -1 when there is none. */
function closing(source: string, from: number): number {
  let depth = 1;
  for (let at = from; at < source.length; at += 1) {
    if (source[at] === '(') depth += 1;
    else if (source[at] === ')' && --depth === 0) return at;
  }
  return -1;
}
