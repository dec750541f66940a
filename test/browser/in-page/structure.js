// What a screen reader needs to find its way: one first heading, no level left out, a name for all that can be used, headers of tables.
(() => {
  const wrong = [];
  const visible = (/** @type {Element} */ element) => element.checkVisibility();

  const levels = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]
    .filter(visible)
    .map(({ tagName, textContent }) => {
      if (textContent?.trim() === '') wrong.push(`an empty ${tagName}`);
      return Number(tagName.slice(1));
    });
  if (levels.filter((level) => level === 1).length !== 1) wrong.push('not one h1');
  for (const [i, level] of levels.entries()) {
    if (level > (levels[i - 1] ?? 0) + 1) wrong.push(`h${level} follows h${levels[i - 1] ?? 0}`);
  }

  for (const element of document.querySelectorAll('a, button, input, select')) {
    if (!visible(element)) continue;
    const labels =
      element instanceof HTMLInputElement || element instanceof HTMLSelectElement
        ? [...(element.labels ?? [])]
        : [element];
    const name = element.getAttribute('aria-label') ?? labels.map(({ textContent }) => textContent).join('');
    if (name.trim() === '') wrong.push(`a ${element.tagName} without a name`);
  }
  for (const element of document.querySelectorAll('[role=img]')) {
    if (visible(element) && (element.getAttribute('aria-label') ?? '') === '') wrong.push('a picture without words');
  }
  for (const table of document.querySelectorAll('table')) {
    if (!visible(table) || table.closest('.uplot') !== null) continue;
    const columns = table.querySelectorAll('thead th[scope=col]').length;
    for (const row of table.tBodies[0]?.rows ?? []) {
      const first = row.cells[0];
      if (first?.tagName !== 'TH' || first.scope !== 'row') wrong.push('a row without its header');
      const named = table.querySelector('thead td') === null ? row.cells.length : row.cells.length - 1;
      if (named !== columns) wrong.push(`${named} cells below ${columns} headers`);
    }
  }
  for (const id of [...document.querySelectorAll('[aria-labelledby]')].map(
    (element) => element.getAttribute('aria-labelledby') ?? '',
  )) {
    if (document.getElementById(id) === null) wrong.push(`aria-labelledby ${id} leads nowhere`);
  }
  if (document.querySelectorAll('main').length !== 1) wrong.push('not one main');
  if (document.documentElement.lang === '') wrong.push('no language');
  return [...new Set(wrong)];
})();
