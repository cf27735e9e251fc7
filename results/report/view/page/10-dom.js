// Making elements. Text goes in as text nodes only, so no name in the data can become markup.
const SVG = "http://www.w3.org/2000/svg";

function put(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== "") {
      node.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
  }
  return node;
}

const el = (tag, attributes, ...children) => put(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) => put(document.createElementNS(SVG, tag), attributes, children);
const byId = (id) => document.getElementById(id);
const clear = (node, ...children) => { node.replaceChildren(); return put(node, {}, children); };

// What may be wider than its place. It is a stop for the tabulator only while it can be scrolled.
const widths = new ResizeObserver((changes) => {
  for (const { target } of changes) {
    if (target.scrollWidth > target.clientWidth + 1) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});

function scroller(label, ...inside) {
  const made = el("div", { class: "scroll", role: "region", "aria-label": label }, inside);
  widths.observe(made);
  return made;
}

// A table for the eye and for screen readers. Cells: text, or {v, n: a number, whole: on one line}.
function table(caption, heads, rows, options = {}) {
  const cell = (value, tag, scope, label = null) => {
    const it = value !== null && typeof value === "object" ? value : { v: value };
    return el(tag, { class: it.n ? "n" : it.whole ? "whole" : null, scope, "data-label": label }, it.v);
  };
  const names = heads.map((head) => (head !== null && typeof head === "object" ? head.v : head));
  const body = rows.map((row) => el("tr", {},
    row.map((value, i) => cell(value, i === 0 ? "th" : "td", i === 0 ? "row" : null, i === 0 ? null : names[i]))));
  const made = el("table", { id: options.id },
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, heads.map((head) => cell(head, "th", "col")))),
    el("tbody", {}, body));
  return scroller(caption, made);
}
