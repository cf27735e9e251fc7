// One bridge: a measure of its streams over time, and all their figures by phase.
const MEASURES = [
  ["delay", " ms", null, 0], ["loss", " %", null, 0], ["jitter", " ms", null, 0],
  ["mos", "", "mos", 1], ["frozen", " %", null, 0],
];

function streamsOf(run, bridge, measure) {
  return Object.entries(run.curves.streams).filter(([key, places]) => key.split(" ")[0] === bridge && measure in places)
    .map(([key, places]) => ({ key, points: curve(run, places[measure]) }));
}

function linesOf(bridge, measure) {
  const own = streamsOf(RUN, bridge, measure);
  const lines = own.map((s, i) => ({ name: (OTHER ? "A: " : "") + streamName(s.key), points: s.points,
    colour: COLOURS[i % COLOURS.length], dash: DASHES[i % DASHES.length] }));
  if (OTHER && OTHER.curves) {
    for (const s of streamsOf(OTHER, bridge, measure)) {
      const i = own.findIndex((mine) => mine.key === s.key);
      lines.push({ name: "B: " + streamName(s.key), points: s.points, colour: COLOURS[(i < 0 ? lines.length : i) % COLOURS.length],
        dash: DASHES[(i < 0 ? lines.length : i) % DASHES.length], pale: true });
    }
  }
  return lines;
}

const STREAM_COLUMNS = [
  ["sent", (s) => s.packets_sent, 0], ["lost", (s) => s.lost_pct, 2], ["heard", (s) => s.listener_lost_pct, 2],
  ["p50", (s) => s.delay_p50_ms, 2], ["p95", (s) => s.delay_p95_ms, 2], ["p99", (s) => s.delay_p99_ms, 2],
  ["ipdv", (s) => s.ipdv_ms, 2], ["whole way", (s) => s.mouth_to_ear_ms ?? s.camera_to_screen_ms, 0],
  ["MOS", (s) => s.mos_listening, 2], ["interruption", (s) => s.interruption_ms_max, 1],
  ["freezes", (s) => s.freezes, 0], ["frozen pct", (s) => s.freeze_pct, 2],
];

function streamsTable(bridge) {
  const rows = RUN.phases.flatMap((phase) => (phase.bridges[bridge] || []).map((s) => [
    phaseName(phase.name), { v: `${w(s.kind)}, ${w(s.direction)}`, whole: true },
    ...STREAM_COLUMNS.map(([, value, digits]) => ({ v: num(value(s), digits), n: true }))]));
  if (!rows.length) return el("p", {}, w("not in phase"));
  return table(w("streams caption", { bridge: nameOf(RUN, bridge) }), [w("phase"), w("stream"),
    ...STREAM_COLUMNS.map(([key]) => ({ v: w(key), n: true }))], rows, { id: "streams-table" });
}

// Long, so it is made when it is opened.
function secondsTable(caption, lines) {
  const made = el("div", {});
  const node = el("details", { toggle: () => {
    if (!node.open || made.firstChild) return;
    const seconds = lengthOf(RUN);
    made.append(table(caption, [{ v: "s", n: true }, ...lines.map((line) => ({ v: line.name, n: true }))],
      Array.from({ length: seconds }, (_, s) => [{ v: num(s, 0), n: true },
        ...lines.map((line) => ({ v: num(line.points[s]), n: true }))])));
  } }, el("summary", {}, w("seconds")), made);
  return node;
}

function bridgePart() {
  const select = el("select", { id: "bridge-choice", change: () => choose({ bridge: select.value }) },
    RUN.bridges.map((b) => el("option", { value: b.id, selected: b.id === state.bridge }, b.name)));
  const measures = MEASURES.filter(([measure]) => RUN.curves
    && Object.values(RUN.curves.streams).some((places) => measure in places));
  const radios = measures.map(([measure]) => el("label", {},
    el("input", { type: "radio", name: "measure", value: measure, checked: measure === state.measure,
      change: () => choose({ measure }) }), w(measure)));
  const plot = el("div", {}), tables = el("div", {});
  let drawn = null;
  const render = () => {
    select.value = state.bridge;
    clear(tables, streamsTable(state.bridge));
    drawn = null;
    if (!RUN.curves) { clear(plot, el("p", {}, w("no curves"))); return; }
    const [measure, unit, criterion, low] = MEASURES.find(([m]) => m === state.measure);
    const lines = linesOf(state.bridge, measure);
    if (!lines.length) { clear(plot, el("p", {}, w("nothing measured", { measure: w(measure).toLowerCase() }))); return; }
    const title = `${nameOf(RUN, state.bridge)} – ${w(`${measure} long`)}`;
    drawn = chart({ id: "bridge-plot", title, unit: unit.replace(" ", NBSP), lines, run: RUN, low,
      limit: criterion && limitOf(RUN, criterion) });
    clear(plot, drawn.figure, secondsTable(w("seconds caption", { bridge: nameOf(RUN, state.bridge), measure: w(`${measure} long`) }), lines));
  };
  if (state.bridge) render();
  const update = (patch) => {
    if ("bridge" in patch || "measure" in patch) render();
    else if (drawn && "second" in patch) drawn.update();
  };
  return { update, node: state.bridge ? [el("div", { class: "controls" },
    el("label", { class: "over", for: "bridge-choice" }, el("span", {}, w("choose bridge")), select),
    radios.length ? el("fieldset", {}, el("legend", {}, w("measure")), radios) : null), plot, tables]
    : el("p", {}, w("no bridges")) };
}
