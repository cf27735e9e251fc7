// The MCU and the links.
function mcuSection() {
  let drawn = null;
  if (RUN.curves) {
    const own = curve(RUN, RUN.curves.used);
    const lines = [{ name: (OTHER ? "A: " : "") + w("used"), points: own, colour: COLOURS[0], dash: null }];
    if (OTHER && OTHER.curves) {
      lines.push({ name: "B: " + w("used"), points: curve(OTHER, OTHER.curves.used), colour: COLOURS[1], dash: DASHES[1], pale: true });
    }
    lines.push({ name: w("capacity"), points: own.map(() => 100), colour: "#444444", dash: "7 5" });
    drawn = chart({ id: "mcu-plot", title: w("mcu used"), unit: NBSP + "%", lines, run: RUN, limit: limitOf(RUN, "mcu-units") });
  }
  const names = (list, text = (x) => nameOf(RUN, x)) => list.map(text).join(", ") || DASH;
  const rows = RUN.phases.map(({ name, mcu }) => [phaseName(name),
    { v: num(mcu.used_pct), n: true },
    both(mcu.used_of),
    { v: `${num(mcu.units_used)} / ${num(mcu.units_total)}`, n: true },
    { v: `${num(mcu.ports_used, 0)} / ${num(mcu.ports_total, 0)}`, n: true },
    { v: num(mcu.joined.length, 0), n: true },
    names(mcu.refused, (r) => `${nameOf(RUN, r.bridge)} (${both(r.text)})`),
    names(mcu.downspeeded, (d) => `${nameOf(RUN, d.bridge)} (${d.asked} → ${d.given === "audio" ? w("audio") : d.given})`),
    names(mcu.dropped),
    { v: num(mcu.setup_network_ms_p95, 1), n: true }]);
  return { update: (patch) => { if (drawn && "second" in patch) drawn.update(); },
    node: el("section", { id: "mcu", class: "card", "aria-labelledby": "mcu-h" },
      el("h2", { id: "mcu-h" }, w("mcu")), el("p", {}, w("device", RUN.device)), drawn ? drawn.figure : null,
      table(w("mcu caption"), [w("phase"), { v: w("share"), n: true }, w("used of"), { v: w("units head"), n: true },
        { v: w("ports head"), n: true }, { v: w("joined"), n: true }, w("refused"), w("less"), w("dropped"), { v: w("setup"), n: true }],
      rows, { id: "mcu-table" }), el("p", {}, w("setup note"))) };
}

function linksSection() {
  const peak = (key) => Math.max(...RUN.phases.map((p) => p.links[key]).filter(Boolean).map((l) => l[1]));
  const keys = new Map(RUN.links.map((link) => [`${link.id} ${link.direction}`, link]));
  const ranked = [...keys.keys()].sort((a, b) => peak(b) - peak(a) || (a < b ? -1 : 1));
  if (!state.link || !keys.has(state.link)) state.link = ranked[0] || null;
  const select = el("select", { id: "links-choice", change: () => choose({ link: select.value }) },
    ranked.map((key) => el("option", { value: key, selected: key === state.link }, both(keys.get(key).name))));
  const plot = el("div", {});
  let drawn = null;
  const render = () => {
    drawn = null;
    select.value = state.link;
    const points = RUN.curves && curve(RUN, RUN.curves.links[state.link]);
    if (!points) { clear(plot, el("p", {}, w("no curves"))); return; }
    const lines = [{ name: (OTHER ? "A: " : "") + w("mean"), points, colour: COLOURS[0], dash: null }];
    const other = OTHER && OTHER.curves && curve(OTHER, OTHER.curves.links[state.link]);
    if (other) lines.push({ name: "B: " + w("mean"), points: other, colour: COLOURS[1], dash: DASHES[1], pale: true });
    lines.forEach((line) => { line.name = line.name.replace(w("mean"), both(keys.get(state.link).name)); });
    drawn = chart({ id: "links-plot", title: `${both(keys.get(state.link).name)} – ${w("link load")}`, unit: NBSP + "%", lines, run: RUN,
      limit: limitOf(RUN, "link-peak") });
    clear(plot, drawn.figure);
  };
  if (state.link) render();
  const heads = [w("link"), { v: w("rate"), n: true },
    ...RUN.phases.map((p) => ({ v: `${w("peak")}, ${phaseName(p.name).toLowerCase()}`, n: true })), { v: w("drops"), n: true }];
  const rows = ranked.map((key) => {
    const link = keys.get(key), phases = RUN.phases.map((p) => p.links[key]);
    return [both(link.name), { v: num(link.rate_mbps), n: true },
      ...phases.map((l) => ({ v: num(l ? l[1] : null), n: true })),
      { v: num(phases.reduce((sum, l) => sum + (l ? l[2] : 0), 0), 0), n: true }];
  });
  const update = (patch) => {
    if ("link" in patch) render();
    else if (drawn && "second" in patch) drawn.update();
  };
  return { update, node: el("section", { id: "links", class: "card", "aria-labelledby": "links-h" },
    el("h2", { id: "links-h" }, w("links")),
    state.link ? el("div", { class: "controls" }, el("label", { class: "over", for: "links-choice" },
      el("span", {}, w("choose link")), select)) : null,
    plot,
    el("details", {}, el("summary", {}, w("links table")), table(w("links caption"), heads, rows, { id: "links-table" }))) };
}
