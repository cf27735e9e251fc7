// The time line: phases, what was done on purpose, and the moment that the plots and the map show.
function timePart() {
  const seconds = lengthOf(RUN), wide = PLOT.wide, left = 8, right = 8;
  const x = (s) => left + (s / seconds) * (wide - left - right);
  const events = RUN.events;
  const rows = []; // where the last bar of each row ends
  const placed = events.map((event) => {
    let row = rows.findIndex((until) => until <= event.from);
    if (row < 0) row = rows.length;
    rows[row] = event.to;
    return row;
  });
  const high = 46 + rows.length * 22;
  const spans = [...RUN.phases.map((p) => `${phaseName(p.name)} ${w("span", { start: num(p.from, 0), end: num(p.to, 0) })}`)].join("; ");
  const cursor = svg("line", { y1: 2, y2: high - 2, stroke: "#1b2733", "stroke-width": 2 });
  const picture = svg("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": w("time label", { spans }) },
    RUN.phases.map((phase, i) => [
      svg("rect", { x: x(phase.from), y: 4, width: x(phase.to) - x(phase.from), height: 34, fill: SHADES[i % 3], stroke: "#9aa7b3" }),
      svg("text", { x: (x(phase.from) + x(phase.to)) / 2, y: 26, "text-anchor": "middle", "font-size": 14, "font-weight": 600 },
        phaseName(phase.name))]),
    events.map((event, i) => {
      const from = x(event.from), to = Math.max(from + 18, x(event.to));
      return [svg("rect", { x: from, y: 44 + placed[i] * 22, width: to - from, height: 18, fill: "#5d4a1e", rx: 2 }),
        svg("text", { x: from + 9, y: 57.5 + placed[i] * 22, "text-anchor": "middle", "font-size": 12, "font-weight": 700,
          class: "onbar" }, String(i + 1))];
    }), cursor);
  const shown = el("output", { for: "second", class: "small" });
  const slider = el("input", { type: "range", id: "second", min: 0, max: seconds - 1, step: 1, value: state.second,
    input: () => choose({ second: Number(slider.value) }) });
  const update = () => {
    cursor.setAttribute("x1", x(state.second + 0.5));
    cursor.setAttribute("x2", x(state.second + 0.5));
    const phase = phaseAt(RUN, state.second);
    const text = w("second value", { second: num(state.second, 0), value: phase ? phaseName(phase.name) : "" });
    shown.textContent = text;
    slider.value = state.second;
    slider.setAttribute("aria-valuetext", text);
  };
  update();
  return { update, node: [
    el("figure", { class: "chart" }, el("figcaption", { class: "small" }, w("time caption")),
      scroller(w("time caption"), picture)),
    RUN.curves ? [el("label", { for: "second" }, w("second")), " ", shown, slider] : null] };
}
