// The MCU and the links.
function mcuPart() {
  let drawn = null;
  if (RUN.curves) {
    const own = curve(RUN, RUN.curves.used);
    const lines = [{ name: (OTHER ? "A: " : "") + w("used"), points: own, colour: COLOURS[0], dash: null }];
    if (OTHER && OTHER.curves) {
      lines.push({ name: "B: " + w("used"), points: curve(OTHER, OTHER.curves.used), colour: COLOURS[1], dash: DASHES[1], pale: true });
    }
    lines.push({ name: w("capacity"), points: own.map(() => 100), colour: "#444444", dash: "12 3 3 3" });
    drawn = chart({ id: "mcu-plot", title: w("mcu used"), unit: NBSP + "%", lines, run: RUN, limit: limitOf(RUN, "mcu-units") });
  }
  return { update: (patch) => { if (drawn && "second" in patch) drawn.update(); }, node: drawn && drawn.figure };
}

function linksPart() {
  const keys = Object.keys(RUN.links), nameOfLink = (key) => both(RUN.links[key]);
  if (!(state.link in RUN.links)) state.link = keys[0] || null;
  const select = el("select", { id: "links-choice", change: () => choose({ link: select.value }) },
    keys.map((key) => el("option", { value: key, selected: key === state.link }, nameOfLink(key))));
  const plot = el("div", {});
  let drawn = null;
  const render = () => {
    drawn = null;
    select.value = state.link;
    const points = RUN.curves && curve(RUN, RUN.curves.links[state.link]);
    if (!points) { clear(plot, el("p", {}, w("no curves"))); return; }
    const name = nameOfLink(state.link);
    const lines = [{ name: (OTHER ? "A: " : "") + name, points, colour: COLOURS[0], dash: null }];
    const other = OTHER && OTHER.curves && curve(OTHER, OTHER.curves.links[state.link]);
    if (other) lines.push({ name: `B: ${name}`, points: other, colour: COLOURS[1], dash: DASHES[1], pale: true });
    drawn = chart({ id: "links-plot", title: `${name} – ${w("link load")}`, unit: NBSP + "%", lines, run: RUN,
      limit: limitOf(RUN, "link-peak") });
    clear(plot, drawn.figure);
  };
  if (state.link) render();
  const update = (patch) => {
    if ("link" in patch) render();
    else if (drawn && "second" in patch) drawn.update();
  };
  return { update, node: [state.link ? el("div", { class: "controls" },
    el("label", { class: "over", for: "links-choice" }, el("span", {}, w("choose link")), select)) : null, plot] };
}
