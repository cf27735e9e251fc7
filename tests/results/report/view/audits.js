// Rules of WCAG 2.2 that can be computed: what breaks one is told with its element. Contrast (1.4.3),
// headings (1.3.1, 2.4.6), tables (1.3.1), ids, labels (4.1.2), targets (2.5.8), language (3.1.1),
// scrolling by keyboard (2.1.1).
(() => {
  const found = [], tell = (rule, e) => found.push(`${rule}: ${e.outerHTML.slice(0, 120)}`);
  const seen = (e) => e.checkVisibility({ visibilityProperty: true });
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  ids.filter((id, i) => ids.indexOf(id) !== i).forEach((id) => found.push(`id twice: ${id}`));
  for (const attribute of ["for", "aria-labelledby"]) {
    for (const e of document.querySelectorAll(`[${attribute}]`)) {
      if (!document.getElementById(e.getAttribute(attribute))) tell(`${attribute} of nothing`, e);
    }
  }
  let level = 0;
  for (const h of document.querySelectorAll("h1, h2, h3, h4")) {
    const now = Number(h.tagName[1]);
    if (now > level + 1) tell("heading skips a level", h);
    if (!h.textContent.trim()) tell("empty heading", h);
    level = now;
  }
  if ([...document.querySelectorAll("h1")].filter(seen).length !== 1) found.push("not one h1");
  for (const t of document.querySelectorAll("table")) {
    if (!t.caption || !t.caption.textContent.trim()) tell("table without caption", t);
    if ([...t.querySelectorAll("th")].some((th) => !th.scope)) tell("th without scope", t);
    const columns = t.tHead.rows[0].cells.length;
    if ([...t.tBodies[0].rows].some((r) => r.cells.length !== columns)) tell("ragged table", t);
  }
  for (const e of document.querySelectorAll("input, select")) {
    if (!e.labels.length || !e.labels[0].textContent.trim()) tell("control without label", e);
  }
  for (const e of document.querySelectorAll("*")) {
    const scrolls = e.scrollWidth > e.clientWidth + 1 && ["auto", "scroll"].includes(getComputedStyle(e).overflowX);
    if (scrolls && e.tabIndex < 0 && !e.querySelector('[tabindex="0"], a, button, input, select')) tell("scrolls by mouse only", e);
  }
  for (const e of document.querySelectorAll("button, select, summary, nav a, input[type=range]")) {
    const box = e.getBoundingClientRect();
    if (seen(e) && box.height < 24 && !e.classList.contains("place")) tell(`target ${box.height} px high`, e);
  }
  const number = (c) => (c.match(/[\d.]+/g) || []).map(Number);
  const light = (c) => {
    const [r, g, b] = c.map((v) => { const s = v / 255; return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const [r, g, b, a = 1] = number(getComputedStyle(at).backgroundColor);
      if (a > 0.99) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || ["SCRIPT", "STYLE", "NOSCRIPT", "OPTION"].includes(e.tagName) || !seen(e)) continue;
    const inside = e.closest("svg"), style = getComputedStyle(e);
    const onbar = e.classList.contains("onbar");
    const ink = number(inside ? style.fill : style.color).slice(0, 3), under = onbar ? [93, 74, 30] : ground(inside || e);
    const [a, b] = [light(ink), light(under)].sort((p, q) => q - p);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) tell(`contrast ${ratio.toFixed(2)}`, e);
  }
  return found;
})()
