// Builds elements, and changes only what is different of those that are there.

const SVG = "http://www.w3.org/2000/svg";
const OF_SVG = new Set(["svg", "path", "line", "rect"]);
/** What a person opened or typed stays as it is. */
const KEPT = new Set(["open"]);

/** Makes an element with attributes and children; nothing is left out, text is text. */
export function el(tag, attributes = {}, ...children) {
  const element = OF_SVG.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** Remembers of each list what its children were drawn from. */
const DRAWN = new WeakMap();

/**
 * Makes the children of a list those of some items, in their order.
 *
 * A child whose item is the same as before is not touched. One whose item is different is changed where it differs.
 */
export function list(parent, items, keyOf, draw) {
  const before = DRAWN.get(parent) ?? new Map();
  const keys = items.map(keyOf);
  const wanted = new Set(keys);
  for (const [key, { child }] of before) if (!wanted.has(key)) child.remove();
  const after = new Map();
  let next = parent.firstElementChild;
  items.forEach((item, index) => {
    const known = before.get(keys[index]);
    const child = known?.child ?? draw(item);
    if (known && known.item !== item) morph(child, draw(item));
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
    after.set(keys[index], { item, child });
  });
  DRAWN.set(parent, after);
}

/** Sets a text, unless it is there. */
export function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

/** Sets an attribute, unless it is there; takes it off for nothing. */
export function attribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Makes one element like another of the same tag. */
export function morph(element, wanted) {
  for (const { name } of [...element.attributes]) {
    if (!wanted.hasAttribute(name) && !KEPT.has(name)) element.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) attribute(element, name, value);
  const children = [...wanted.childNodes];
  children.forEach((child, index) => {
    const there = element.childNodes[index];
    if (!there) element.append(child);
    else if (there.nodeType !== child.nodeType || there.nodeName !== child.nodeName) there.replaceWith(child);
    else if (child.nodeType === Node.TEXT_NODE) {
      if (there.data !== child.data) there.data = child.data;
    } else morph(there, child);
  });
  while (element.childNodes.length > children.length) element.lastChild.remove();
}
