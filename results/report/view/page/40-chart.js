// A plot of lines over the seconds of a run: phases shaded, what was done on purpose hatched, the
// limit dashed, the chosen second marked. Lines are told apart by colour and by dashes.
const COLOURS = ["#0067a5", "#b34700", "#00725a", "#9c2f74", "#6b5200", "#444444"];
const DASHES = [null, "9 4", "3 3", "12 3 3 3", "6 2", "2 4"];
const SHADES = ["#f0f4f9", "#fff6e2", "#eef7f0"];
const NARROW = matchMedia("(max-width: 40rem)");
const PLOT = { get wide() { return NARROW.matches ? 400 : 860; }, high: 270, left: 56, right: 14, top: 26, bottom: 34 };

function ticks(low, high, count) {
  const rough = (high - low) / count || 1, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-6; i += 1) found.push(i * step);
  return found;
}

function extent(points) {
  let low = Infinity, high = -Infinity;
  for (const value of points) {
    if (!Number.isNaN(value)) { low = Math.min(low, value); high = Math.max(high, value); }
  }
  return low === Infinity ? null : [low, high];
}

function pathOf(points, x, y) {
  let path = "", down = false;
  points.forEach((value, i) => {
    if (Number.isNaN(value)) { down = false; return; }
    const alone = !down && (i + 1 === points.length || Number.isNaN(points[i + 1]));
    path += `${down ? "L" : "M"}${x(i + 0.5).toFixed(1)} ${y(value).toFixed(1)}${alone ? "h1" : ""}`;
    down = true;
  });
  return path;
}

function sample(line) {
  return svg("svg", { width: 34, height: 12, "aria-hidden": "true", focusable: "false" },
    svg("line", { x1: 1, x2: 33, y1: 6, y2: 6, stroke: line.colour, "stroke-width": line.pale ? 1.4 : 2.6,
      "stroke-dasharray": line.dash, opacity: line.pale ? 0.65 : 1 }));
}

// `lines`: {name, points, colour, dash, pale}. Returns the figure, and what marks the second.
function chart({ id, title, unit, lines, limit, run, low = 0 }) {
  const seconds = lengthOf(run), shown = lines.filter((line) => line.points)
    .map((line) => ({ ...line, points: line.points.slice(0, seconds) })); // the other run may be longer
  const known = shown.map((line) => extent(line.points)).filter(Boolean);
  let bottom = Math.min(low, ...known.map((e) => e[0])), top = Math.max(low, ...known.map((e) => e[1]));
  if (low > 0) bottom = Math.min(...known.map((e) => e[0]), limit ? limit.value : Infinity) - 0.1;
  if (limit) top = Math.max(top, limit.value);
  top += (top - bottom || 1) * 0.06;
  const { wide, high, left, right } = PLOT;
  const x = (s) => left + (s / seconds) * (wide - left - right);
  const y = (v) => high - PLOT.bottom - ((v - bottom) / (top - bottom)) * (high - PLOT.bottom - PLOT.top);
  const summary = lines.map((line) => {
    const range = line.points && extent(line.points);
    return range ? w("range", { name: line.name, low: num(range[0]) + unit, high: num(range[1]) + unit }) : w("no value", { name: line.name });
  }).join("; ");
  const label = w("chart label", { title, summary });
  const hatch = `${id}-hatch`;
  const body = svg("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": label },
    svg("defs", {}, svg("pattern", { id: hatch, width: 7, height: 7, patternUnits: "userSpaceOnUse",
      patternTransform: "rotate(45)" }, svg("rect", { width: 1.6, height: 7, fill: "#7f8a95" }))),
    run.phases.map((phase, i) => [
      svg("rect", { x: x(phase.from), y: PLOT.top, width: x(phase.to) - x(phase.from),
        height: high - PLOT.bottom - PLOT.top, fill: SHADES[i % SHADES.length] }),
      svg("text", { x: (x(phase.from) + x(phase.to)) / 2, y: PLOT.top - 8, "text-anchor": "middle",
        "font-size": 13 }, phaseName(phase.name))]),
    run.events.map((e) => svg("rect", {
      x: x(e.from), y: PLOT.top, width: Math.max(2, x(e.to) - x(e.from)),
      height: high - PLOT.bottom - PLOT.top, fill: `url(#${hatch})`, opacity: 0.35 })),
    ticks(bottom, top, 5).map((v) => [
      svg("line", { x1: left, x2: wide - right, y1: y(v), y2: y(v), stroke: "#d3d9df" }),
      svg("text", { x: left - 7, y: y(v) + 4, "text-anchor": "end", "font-size": 12 }, num(v, 3))]),
    ticks(0, seconds, 8).map((s) => svg("text", { x: x(s), y: high - 12, "text-anchor": "middle",
      "font-size": 12 }, num(s, 0))),
    svg("text", { x: wide - right, y: high - 1, "text-anchor": "end", "font-size": 11 }, "s"),
    limit ? svg("line", { x1: left, x2: wide - right, y1: y(limit.value), y2: y(limit.value), stroke: "#9b1414",
      "stroke-width": 1.6, "stroke-dasharray": "7 5" }) : null,
    shown.map((line) => svg("path", { d: pathOf(line.points, x, y), fill: "none", stroke: line.colour,
      "stroke-width": line.pale ? 1.3 : 2.3, "stroke-dasharray": line.dash, opacity: line.pale ? 0.65 : 1,
      "stroke-linejoin": "round" })));
  const mark = svg("line", { y1: PLOT.top, y2: high - PLOT.bottom, stroke: "#1b2733", "stroke-width": 1.2 });
  body.append(mark);
  body.addEventListener("click", (event) => {
    const box = body.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width * wide - left) / (wide - left - right) * seconds;
    choose({ second: Math.max(0, Math.min(seconds - 1, Math.floor(at))) });
  });
  const values = lines.map(() => el("span", { class: "value" }));
  const keys = el("ul", { class: "keys" },
    lines.map((line, i) => el("li", {}, sample(line), line.name + ":", values[i])),
    limit ? el("li", {}, sample({ colour: "#9b1414", dash: "7 5" }), w("limit line", { limit: limit.text })) : null);
  const moment = el("p", { class: "small" });
  const update = () => {
    const at = x(state.second + 0.5);
    mark.setAttribute("x1", at); mark.setAttribute("x2", at);
    moment.textContent = w("second value", { second: num(state.second, 0), value: phaseName((phaseAt(run, state.second) || { name: "" }).name) });
    lines.forEach((line, i) => {
      const value = line.points ? line.points[state.second] : undefined;
      values[i].textContent = value === undefined || Number.isNaN(value) ? DASH : num(value) + unit;
    });
  };
  update();
  const figure = el("figure", { class: "chart", id }, el("figcaption", { class: "small" }, title),
    scroller(title, body), moment, keys);
  return { figure, update };
}

const limitOf = (run, id) => run.limits[id] && { value: run.limits[id].value, text: both(run.limits[id].text) };
