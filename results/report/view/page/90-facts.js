// Assumptions, and what the run was.
function assumptionsSection() {
  const rows = RUN.assumptions.map((a) => [both(a.what), both(a.value), both(a.source), both(a.settled_by)]);
  return { node: el("section", { id: "assumptions", class: "card", "aria-labelledby": "assumptions-h" },
    el("h2", { id: "assumptions-h" }, w("assumptions")),
    rows.length ? el("details", {}, el("summary", {}, w("assumption count", num(rows.length, 0))),
      table(w("assumptions caption"), [w("what"), w("value"), w("basis"), w("settled")], rows, { id: "assumptions-table" }))
      : el("p", {}, w("no assumptions"))) };
}

function evidenceSection() {
  const e = RUN.evidence, code = (text) => el("span", { class: "code" }, text);
  const rows = [[w("run"), code(RUN.run_id)], [w("seed"), String(e.seed)], [w("code"), code(e.code)],
    [w("engine"), `${w(e.engine.name)}; Linux ${e.engine.kernel}`],
    ...["scenario", "province", "mcu", "criteria"].map((file) => [w(`${file} file`), code(e.files[file])]),
    [w("packets"), w("packets text", num(e.packets.sent, 0), num(e.packets.received, 0), num(e.packets.unaccounted, 0))]];
  return { node: el("section", { id: "evidence", class: "card", "aria-labelledby": "evidence-h" },
    el("h2", { id: "evidence-h" }, w("evidence")),
    table(w("evidence caption"), [w("what"), w("value")], rows, { id: "evidence-table" })) };
}
