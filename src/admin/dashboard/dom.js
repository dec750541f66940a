/**
 * A new element. Children that are strings become text: nothing that a name contains is ever read as markup.
 * @param {string} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * The element of index.html with this id.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @param {new () => T} [type]
 * @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof (type ?? HTMLElement))) throw new Error(`#${id} is not in the page`);
  return /** @type {T} */ (element);
}

/**
 * Touches the page only when something is different, so that a selection stands and a screen reader is left alone.
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string | null} value null: without it
 */
export function setAttribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** @type {WeakMap<Element, Map<string, HTMLElement>>} */
const known = new WeakMap();

/**
 * Makes the children of `parent` what `items` say: an item's element stays the same from one answer to the next, so that
 * focus stays where it is.
 * @template T
 * @param {Element} parent
 * @param {readonly T[]} items
 * @param {(item: T) => string} keyOf no two items may have the same
 * @param {(item: T) => HTMLElement} create
 * @param {(element: HTMLElement, item: T) => void} update
 */
export function keyed(parent, items, keyOf, create, update) {
  const before = known.get(parent) ?? new Map();
  const after = new Map();
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    const element = before.get(key) ?? create(item);
    after.set(key, element);
    if (element === place) place = element.nextElementSibling;
    else parent.insertBefore(element, place);
    // In the page already: some ask how wide they are.
    update(element, item);
  }
  for (const [key, element] of before) if (!after.has(key)) element.remove();
  known.set(parent, after);
}

/**
 * Cells of a row, the first of them its header, whose texts may change.
 * @param {Element} row
 * @param {readonly string[]} texts
 * @param {string} [classes] of the cells after the first
 */
export function setCells(row, texts, classes = '') {
  while (row.children.length < texts.length) {
    const first = row.children.length === 0;
    row.append(first ? make('th', { scope: 'row' }) : make('td', classes === '' ? {} : { class: classes }));
  }
  while (row.children.length > texts.length) row.lastElementChild?.remove();
  for (const [i, text] of texts.entries()) {
    const cell = row.children[i];
    if (cell !== undefined) setText(cell, text);
  }
}
