// What failed on purpose in this run, and what every failure of the network does.
function faultTables() {
  return RUN.faults.map((fault) => {
    const until = fault.restored_s === null ? w("end") : num(fault.restored_s, 1);
    const caption = w("fault caption", both(fault.name), num(fault.at_s, 1), until);
    const rows = fault.bridges.map((hit) => ({ cls: hit.cut_off && !hit.behind ? "bad" : "", cells: [
      nameOf(RUN, hit.bridge), { v: num(hit.interruption_ms, 0), n: true }, { v: num(hit.sound_interruption_ms, 0), n: true },
      { v: num(hit.restored_interruption_ms, 0), n: true }, { v: num(hit.packets_lost, 0), n: true },
      hit.cut_off ? w("yes") + (hit.behind ? `, ${w("behind")}` : "") : w("no"),
      { v: num(hit.picture_again_ms, 0), n: true }, { v: num(hit.redials, 0), n: true }] }));
    return [rows.length ? table(caption, [w("one bridge"), { v: w("impact"), n: true }, { v: w("impact sound"), n: true },
      { v: w("impact mending"), n: true }, { v: w("packets lost"), n: true }, w("cut off"),
      { v: w("picture again"), n: true }, { v: w("redials"), n: true }], rows) : el("p", {}, caption),
    fault.untouched ? el("p", { class: "small" }, w("fault calm", num(fault.untouched, 0))) : null];
  });
}

function triedTable() {
  const rows = FAILURES.failures.map((f) => ({ cls: f.verdict === "fail" ? "bad" : "", cells: [
    both(f.name), f.verdict === "invalid" ? el("span", { class: "mark unsure" }, w("invalid"))
      : f.verdict === "pass" && f.accepted ? el("span", { class: "mark unsure" }, w("accepted")) : mark(f.verdict === "pass"),
    { v: num(f.interruption_ms, 1) + (f.interruption_at ? ` (${f.interruption_at})` : ""), n: true },
    { v: num(f.restored_ms, 1) + (f.restored_at ? ` (${f.restored_at})` : ""), n: true },
    { v: num(f.packets_lost, 0), n: true }, f.cut_off.join(", ") || DASH,
    { v: f.worst_pct === null ? DASH : `${num(f.worst_pct, 1)} (${f.worst_at})`, n: true }] }));
  return table(w("failures caption"), [w("failure"), w("result"), { v: w("longest"), n: true },
    { v: w("impact mending"), n: true }, { v: w("packets lost"), n: true }, w("cut off"), { v: w("worst link"), n: true }], rows, { id: "failures-table" });
}

function failuresSection() {
  const inside = [];
  if (RUN && RUN.faults.length) inside.push(el("h3", {}, w("faults made")), faultTables());
  if (FAILURES) {
    const points = FAILURES.single_points.map((p) => el("li", {}, w("point", both(p.name), p.cut_off.join(", ")), "; ",
      p.accepted ? w("point accepted", p.reasons.map(both).join("; ")) : w("point open")));
    const accepted = FAILURES.failures.filter((f) => f.accepted).length;
    inside.push(el("h3", {}, w("failures tried")),
      el("p", {}, w("failures intro", num(FAILURES.failures.length, 0), num(FAILURES.possible, 0), num(FAILURES.untried, 0)),
        accepted ? " " + w("accepted count", num(accepted, 0)) : ""),
      el("p", { class: "code" }, FAILURES.run_id), triedTable(), el("h3", {}, w("points")),
      points.length ? el("ul", { class: "plain" }, points) : el("p", {}, w("no points")));
  }
  if (!inside.length) inside.push(el("p", {}, w("no failures")));
  return { node: el("section", { id: "failures", class: "card", "aria-labelledby": "failures-h" },
    el("h2", { id: "failures-h" }, w("failures")), inside) };
}
