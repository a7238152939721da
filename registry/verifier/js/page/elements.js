// Elements built by hand: text is only ever text, whatever a credential holds.

const SVG = "http://www.w3.org/2000/svg";
// Each has a shape of its own, so that nobody needs its colour.
/** @type {Record<string, [string, Record<string, string | number>][]>} */
const MARKS = {
  valid: [
    ["circle", { cx: 24, cy: 24, r: 22, class: "ground" }],
    ["path", { d: "M14 25l7 7 14-15", class: "line" }],
  ],
  invalid: [
    ["path", { d: "M15.3 3h17.4L45 15.3v17.4L32.7 45H15.3L3 32.7V15.3z", class: "ground" }],
    ["path", { d: "M17 17l14 14M31 17L17 31", class: "line" }],
  ],
  undetermined: [
    ["circle", { cx: 24, cy: 24, r: 21, class: "ring" }],
    ["path", { d: "M17.5 19a6.5 6.5 0 1 1 9.5 5.8c-2 1.1-3 2.2-3 4.7M24 36v.1", class: "line" }],
  ],
  checking: [["circle", { cx: 24, cy: 24, r: 20, class: "ring" }]],
};

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** @param {"valid" | "invalid" | "undetermined" | "checking"} verdict */
export function mark(verdict) {
  const image = document.createElementNS(SVG, "svg");
  const attributes = { class: "mark", viewBox: "0 0 48 48", "aria-hidden": "true" };
  for (const [name, value] of Object.entries(attributes)) image.setAttribute(name, value);
  for (const [tag, shape] of MARKS[verdict]) {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(shape)) made.setAttribute(name, String(value));
    image.append(made);
  }
  return image;
}

/**
 * @param {string} label
 * @param {() => void} act
 * @param {string} [style]
 */
export function button(label, act, style = "button-quiet") {
  const made = element("button", { type: "button", class: style }, label);
  made.addEventListener("click", act);
  return made;
}

/**
 * A list of names and values.
 *
 * @param {[string, string][]} entries
 */
export function described(entries) {
  const list = element("dl");
  for (const [name, value] of entries) {
    list.append(element("dt", {}, name), element("dd", {}, value));
  }
  return list;
}

/**
 * An element that the page's own markup has.
 *
 * @param {string} id
 * @returns {any}
 */
export function byId(id) {
  return document.getElementById(id);
}
