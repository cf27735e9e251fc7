// The verdict, the criteria, what changed between two runs.
function verdictSection() {
  const v = RUN ? RUN.verdict : FAILURES.verdict;
  const signs = { pass: "✓", fail: "✗", invalid: "!" };
  const text = RUN ? both(RUN.headline) : failuresHeadline(v);
  const node = el("section", { id: "verdict", class: `card verdict ${v}`, "aria-labelledby": "verdict-h" },
    el("h2", { id: "verdict-h" }, w("verdict")),
    el("p", { class: "headline" }, el("span", { "aria-hidden": "true" }, signs[v] + " "), text),
    RUN && RUN.evidence.engine.name === "estimate" ? el("p", { class: "mark unsure" }, w("estimate note")) : null,
    RUN && v !== "invalid" ? el("p", { class: "binds" }, both(RUN.binds)) : null,
    RUN && RUN.how_sure ? el("p", {}, both(RUN.how_sure)) : null,
    el("p", {}, both((RUN || FAILURES).question)),
    RUN ? el("p", { class: "small" }, both(RUN.meeting)) : null,
    RUN && RUN.part ? el("p", { class: "mark unsure" }, both(RUN.part)) : null,
    RUN && RUN.reasons.length ? [el("p", {}, w("invalid note")),
      el("ul", { class: "plain" }, RUN.reasons.map((r) => el("li", {}, both(r))))] : null);
  return { node };
}

// As the exit code of the run tells it: since a baseline, where it was compared with one.
function failuresHeadline(v) {
  const since = FAILURES.comparison;
  if (!since || v === "invalid") return w(`failures ${v}`);
  return w(`failures compared ${v}`, since.baseline, num(since.worse, 0), w(since.by_criteria).toLowerCase());
}

function mark(ok) {
  return el("span", { class: `mark ${ok ? "ok" : "no"}` },
    el("span", { "aria-hidden": "true" }, ok ? "✓ " : "✗ "), w(ok ? "met" : "not met"));
}

function marginBar(value) {
  if (value === null) return null;
  const share = Math.max(0, Math.min(100, value)) * 0.6;
  return svg("svg", { class: "bar", width: 62, height: 10, "aria-hidden": "true", focusable: "false" },
    svg("rect", { x: 0.5, y: 0.5, width: 61, height: 9, fill: value < 0 ? "#f3c9c9" : "#fff", stroke: "#75828f" }),
    svg("rect", { x: 1, y: 1, width: share, height: 8, fill: "#1f4e79" }));
}

// Where a value was worst; a press goes there.
function place(c) {
  const text = both(c.where);
  if (!text || (!c.bridge && !c.link)) return text;
  return el("button", { type: "button", class: "place", click: () => {
    const target = c.bridge ? "bridge" : "links";
    choose(c.bridge ? { bridge: c.bridge } : { link: c.link });
    byId(`${target}-h`).scrollIntoView();
    byId(`${target}-choice`).focus({ preventScroll: true });
  } }, text);
}

// Columns of criteria that the page shows as more than text; any other is shown as it is told.
const DRAWN = {
  criterion: [() => w("criterion"), (c) => both(c.name)],
  value: [() => w("value"), (c) => amount(c.value, both(c.unit))],
  limit: [() => w("limit"), limitText],
  margin: [() => w("margin"), (c) => [marginBar(c.margin_pct), marginText(c.margin_pct)]],
  result: [() => w("result"), (c) => mark(c.ok)],
  "worst at": [() => w("where"), place],
  source: [() => w("source"), (c) => both(c.source)],
};

function criteriaSection() {
  const aligned = (column, v) => column.align === "right" ? { v, n: true } : v;
  const drawn = (column) => DRAWN[column.key] || [() => both(column.title), (c) => both(c.told[column.key])];
  const heads = RUN.columns.map((column) => aligned(column, drawn(column)[0]()));
  const rows = RUN.criteria.map((c) => ({
    cls: [c.ok ? "" : "bad", c.id === RUN.binding ? "binding" : ""].join(" ").trim(),
    cells: RUN.columns.map((column) => aligned(column, drawn(column)[1](c))),
  }));
  return { node: el("section", { id: "criteria", class: "card", "aria-labelledby": "criteria-h" },
    el("h2", { id: "criteria-h" }, w("criteria")),
    table(w("criteria caption"), heads, rows, { id: "criteria-table" }),
    RUN.notes.length ? el("ul", { class: "plain" }, RUN.notes.map((note) => el("li", {}, both(note)))) : null,
    el("p", { class: "small" }, w("criteria note")), spreadTable()) };
}

// How far each criterion's value goes apart at other seeds.
function spreadTable() {
  if (!RUN.seeds) return null;
  const tried = RUN.seeds.seeds.length;
  const rows = RUN.criteria.filter((c) => RUN.seeds.spread[c.id]).map((c) => {
    const s = RUN.seeds.spread[c.id], figure = (value) => ({ v: amount(value, both(c.unit)), n: true });
    return { cls: s.failed ? "bad" : "", cells: [both(c.name), figure(s.least), figure(s.median), figure(s.largest),
      { v: limitText(c), n: true }, { v: `${num(s.failed, 0)} / ${num(tried, 0)}`, n: true }] };
  });
  const heads = ["least", "median", "largest", "limit", "seeds not met"].map((key) => ({ v: w(key), n: true }));
  return table(w("seeds caption", num(tried, 0)), [w("criterion"), ...heads], rows, { id: "seeds-table" });
}

function comparisonSection() {
  const found = DATA.comparison, other = new Map(OTHER.criteria.map((c) => [c.id, c]));
  const own = new Map(RUN.criteria.map((c) => [c.id, c]));
  const figure = (c) => c ? { v: [amount(c.value, both(c.unit)), " ", mark(c.ok)], n: true } : { v: w("not judged"), n: true };
  const classes = { better: "mark ok", worse: "mark no", same: "", other: "mark unsure" };
  const rows = Object.entries(found.ways).map(([id, way]) => {
    const a = own.get(id), b = other.get(id), c = a || b;
    return [both(c.name), figure(a), figure(b), { v: limitText(b || a), n: true },
      { v: marginText(a ? a.margin_pct : null), n: true }, { v: marginText(b ? b.margin_pct : null), n: true },
      el("span", { class: classes[way] }, w(way))];
  });
  const words = (key, list) => list.length ? el("p", {}, w(key, list.join(", "))) : null;
  return { node: el("section", { id: "comparison", class: "card", "aria-labelledby": "comparison-h" },
    el("h2", { id: "comparison-h" }, w("comparison")),
    el("p", {}, w("compare intro", RUN.run_id, w(RUN.verdict), OTHER.run_id, w(OTHER.verdict))),
    found.inputs.length ? words("inputs differ", found.inputs.map(both)) : el("p", {}, w("inputs same")),
    words("only a", found.removed), words("only b", found.added),
    table(w("compare caption"), [w("criterion"), { v: "A", n: true }, { v: "B", n: true },
      { v: w("limit"), n: true }, { v: w("margin") + " A", n: true }, { v: w("margin") + " B", n: true }, w("b is")],
    rows, { id: "comparison-table" }),
    el("p", {}, found.measures ? w("measures differ", num(found.measures, 0)) : w("measures same")),
    el("p", { class: "small" }, w("overlay"))) };
}
