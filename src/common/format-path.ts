/** Keys and indexes that lead from a document to a value in it. */
export type Path = readonly PropertyKey[];

/** `routes[0].tokens["a b"]`; '' for the document as a whole. */
export function formatPath(path: Path): string {
  let formatted = '';
  for (const segment of path) {
    if (typeof segment === 'number') formatted += `[${segment}]`;
    else if (!/^[A-Za-z_][\w-]*$/.test(String(segment))) formatted += `[${JSON.stringify(String(segment))}]`;
    else formatted += formatted === '' ? String(segment) : `.${String(segment)}`;
  }
  return formatted;
}
