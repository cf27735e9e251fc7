// Assumptions: what the least margin and the verdict are where a figure is another. All values that
// were tried come with the page; between two of them the margin is drawn straight.
const GRID = 60;

// How far along its range a value is, 0 to 1; of choices their places in a row.
function placeIn(figure, value) {
  const values = figure.curve.map((tried) => tried.value);
  if (figure.choices) return values.length > 1 ? values.indexOf(value) / (values.length - 1) : 0;
  const [low, high] = [values[0], values[values.length - 1]];
  if (high === low) return 0;
  return figure.scale === "log" && low > 0 ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

// Where the slider may stop: at each value that was tried, and between them.
function stopsOf(figure) {
  const values = figure.curve.map((tried) => tried.value);
  if (figure.choices) return values;
  const [low, high] = [values[0], values[values.length - 1]];
  const between = Array.from({ length: GRID - 1 }, (_, i) => {
    const share = (i + 1) / GRID;
    const value = figure.scale === "log" && low > 0 ? low * (high / low) ** share : low + (high - low) * share;
    return figure.whole ? Math.round(value) : Number(value.toPrecision(4));
  });
  return [...new Set([...values, ...between.filter((v) => v > low && v < high)])].sort((a, b) => a - b);
}

// What is known at a value: as it was judged, or by its two neighbours (no verdict if they differ).
function knownAt(figure, value) {
  const exact = figure.curve.find((tried) => tried.value === value);
  if (exact) return { ...exact, exact: true };
  const above = figure.curve.findIndex((tried) => tried.value > value);
  const [a, b] = [figure.curve[above - 1], figure.curve[above]];
  const [from, to] = [placeIn(figure, a.value), placeIn(figure, b.value)];
  const share = (placeIn(figure, value) - from) / (to - from);
  return { value, exact: false, margin: a.margin + (b.margin - a.margin) * share, a, b,
    verdict: a.verdict === b.verdict ? a.verdict : null, criterion: share < 0.5 ? a.criterion : b.criterion };
}

function assumePart() {
  const figures = RUN.assumed;
  const text = (figure, value) => figure.choices ? String(value) : num(value, 4) + (both(figure.unit) ? NBSP + both(figure.unit) : "");
  const select = el("select", { id: "assume-choice", change: () => { show(select.selectedIndex); } },
    figures.map((figure, i) => el("option", { value: i, selected: i === 0 }, both(figure.name))));
  const slider = el("input", { type: "range", id: "assume-value", min: 0, step: 1, input: () => move() });
  const told = el("output", { for: "assume-choice assume-value", class: "bold" });
  const plot = el("div", {});
  let figure = null, stops = [], mark = null;
  const { wide, left, right } = PLOT, high = 230, top = 14, bottom = 40;
  const x = (value) => left + placeIn(figure, value) * (wide - left - right);
  let y = null;
  const say = (found) => {
    const criterion = found.criterion && RUN.judged[found.criterion] ? both(RUN.judged[found.criterion]) : DASH;
    const at = text(figure, found.value), margin = num(found.margin, 1);
    if (found.verdict === null) {
      return w("assume between", {
        value: at, below: text(figure, found.a.value), verdict_below: w(found.a.verdict),
        above: text(figure, found.b.value), verdict_above: w(found.b.verdict),
      });
    }
    const how = found.margin <= -100 ? "assume far" : found.exact ? "assume exact" : "assume about";
    return w(how, { value: at, verdict: w(found.verdict), margin, criterion });
  };
  const move = () => {
    const found = knownAt(figure, stops[Number(slider.value)]), said = say(found);
    told.textContent = said;
    told.className = found.verdict === "pass" ? "ok" : found.verdict === "fail" ? "no" : "unsure";
    slider.setAttribute("aria-valuetext", said);
    mark.line.setAttribute("x1", x(found.value));
    mark.line.setAttribute("x2", x(found.value));
    mark.dot.setAttribute("cx", x(found.value));
    mark.dot.setAttribute("cy", y(found.margin));
  };
  const show = (number) => {
    figure = figures[number];
    stops = stopsOf(figure);
    const margins = figure.curve.map((tried) => tried.margin);
    const low = Math.min(0, ...margins) - 6, up = Math.max(0, ...margins) + 6;
    y = (v) => high - bottom - ((v - low) / (up - low)) * (high - bottom - top);
    const ends = [figure.curve[0].value, figure.curve[figure.curve.length - 1].value];
    const line = figure.curve.map((tried, i) => `${i ? "L" : "M"}${x(tried.value).toFixed(1)} ${y(tried.margin).toFixed(1)}`).join("");
    mark = { line: svg("line", { y1: top, y2: high - bottom, stroke: "#1b2733", "stroke-width": 1.2 }),
      dot: svg("circle", { r: 6, fill: "none", stroke: "#1b2733", "stroke-width": 2 }) };
    const title = w("assume plot", { figure: both(figure.name) });
    const body = svg("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img",
      "aria-label": w("chart label", { title, summary: figure.curve.map((tried) => say({ ...tried, exact: true })).join("; ") }) },
      svg("rect", { x: left, y: y(0), width: wide - left - right, height: high - bottom - y(0), fill: "#f0f0f0" }),
      ticks(low, up, 5).map((v) => [
        svg("line", { x1: left, x2: wide - right, y1: y(v), y2: y(v), stroke: "#d3d9df" }),
        svg("text", { x: left - 7, y: y(v) + 4, "text-anchor": "end", "font-size": 12 }, num(v, 1))]),
      svg("line", { x1: left, x2: wide - right, y1: y(0), y2: y(0), stroke: "#9b1414", "stroke-width": 1.6, "stroke-dasharray": "7 5" }),
      svg("line", { x1: x(figure.value), x2: x(figure.value), y1: top, y2: high - bottom, stroke: "#4a5866", "stroke-dasharray": "2 4" }),
      figure.choices ? null : svg("path", { d: line, fill: "none", stroke: COLOURS[0], "stroke-width": 2.3 }),
      figure.curve.map((tried) => svg("circle", { cx: x(tried.value), cy: y(tried.margin), r: 3.5,
        fill: tried.verdict === "pass" ? COLOURS[0] : "#ffffff", stroke: COLOURS[0], "stroke-width": 1.6 })),
      ends.map((value, i) => svg("text", { x: x(value), y: high - 22, "text-anchor": i ? "end" : "start", "font-size": 12 },
        text(figure, value))),
      svg("text", { x: left, y: high - 5, "font-size": 11 }, w("assume key", { value: text(figure, figure.value) })),
      mark.line, mark.dot);
    clear(plot, el("figure", { class: "chart", id: "assume-plot" },
      el("figcaption", { class: "small" }, title), scroller(title, body)));
    slider.max = stops.length - 1;
    slider.value = stops.indexOf(figure.value);
    move();
  };
  show(0);
  return { node: [
    el("div", { class: "controls" }, el("label", { class: "over", for: "assume-choice" },
      el("span", {}, w("assume choose")), select)),
    el("label", { for: "assume-value" }, w("assume drag")), slider, told, plot] };
}
