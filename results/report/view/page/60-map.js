// The map: links coloured by load, bridges to choose. One stop for the tabulator; arrow keys move
// from bridge to bridge, Enter or Space chooses.
const BINS = [[20, "#5b9bd0", 2], [40, "#2f6f4f", 2.8], [60, "#b8860b", 3.6], [80, "#d2601a", 4.6], [Infinity, "#a3101c", 6]];
const UNKNOWN = "#98a3ad";

const binOf = (value) => BINS.find(([limit]) => value <= limit);

// The load of a direction by what the map is coloured by; null: not measured.
function loadOf(key) {
  if (state.colour === "failures") {
    const value = FAILURES.links[key];
    return value === undefined ? null : value;
  }
  if (state.colour === "second") {
    const points = RUN.curves ? curve(RUN, RUN.curves.links[key]) : null;
    return points && !Number.isNaN(points[state.second]) ? points[state.second] : null;
  }
  const found = RUN.phases.filter((p) => state.colour === "worst" || p.name === state.colour)
    .map((p) => p.peaks[key]).filter((peak) => peak !== undefined);
  return found.length ? Math.max(...found) : null;
}

function shape(kind, x, y) {
  if (kind === "mcu") return svg("path", { d: `M${x} ${y - 8}l8 8l-8 8l-8-8z`, fill: "#5b2a75" });
  if (kind === "new") return svg("path", { d: `M${x} ${y - 7}l7 12h-14z`, fill: "#b34700" });
  return svg("circle", { cx: x, cy: y, r: 5.5, fill: kind === "chair" ? "#a3101c" : "#1f6f8b" });
}

const kindOf = (host) => host.kind === "mcu" ? "mcu" : host.new ? "new" : host.chair ? "chair" : "branch";

function lane(link, forth) {
  const [x1, y1, x2, y2] = forth ? [link.x1, link.y1, link.x2, link.y2] : [link.x2, link.y2, link.x1, link.y1];
  const length = Math.hypot(x2 - x1, y2 - y1) || 1, by = link.kind === "backbone" ? 3.6 : 0;
  const dx = -(y2 - y1) / length * by, dy = (x2 - x1) / length * by;
  return svg("line", { x1: x1 + dx, y1: y1 + dy, x2: x2 + dx, y2: y2 + dy });
}

function drawLinks(map) {
  const drawn = map.links.map((link) => {
    const keys = [`${link.id} ${link.a}->${link.b}`, `${link.id} ${link.b}->${link.a}`];
    const lines = link.kind === "backbone" ? [lane(link, true), lane(link, false)] : [lane(link, true)];
    const figure = link.figure_x === null ? null : svg("g", {},
      svg("rect", { x: link.figure_x - 27, y: link.figure_y - 10, width: 54, height: 20, rx: 4, fill: "#fff", stroke: "#b6c0c9" }),
      svg("text", { x: link.figure_x, y: link.figure_y + 4.5, "text-anchor": "middle", "font-size": 12.5 }));
    return { link, keys, lines, figure };
  });
  const paint = (line, value) => {
    const [, colour, width] = value === null ? [0, UNKNOWN, 1.5] : binOf(value);
    line.setAttribute("stroke", colour);
    line.setAttribute("stroke-width", width);
  };
  const update = () => {
    for (const { keys, lines, figure } of drawn) {
      const values = keys.map(loadOf), known = values.filter((v) => v !== null);
      const most = known.length ? Math.max(...known) : null;
      lines.forEach((line, i) => paint(line, lines.length > 1 ? values[i] : most));
      if (figure) figure.querySelector("text").textContent = most === null ? DASH : num(most, 1) + NBSP + "%";
    }
  };
  return { lines: drawn.map((d) => d.lines), figures: drawn.map((d) => d.figure), update };
}

function drawHost(host, pick) {
  const right = host.side === "right";
  const look = [shape(kindOf(host), host.x, host.y),
    svg("text", { x: host.x + (right ? 13 : -13), y: host.y + 4.5, "text-anchor": right ? "start" : "end",
      "font-size": 13 }, host.name)];
  if (!pick) return svg("g", {}, look);
  return svg("g", { class: "node", role: "button", tabindex: -1, "aria-pressed": "false", "data-id": host.id,
    "aria-label": `${host.name}, ${w(kindOf(host))}`, click: () => pick(host.id) },
  svg("rect", { x: right ? host.x - 14 : host.x - 200, y: host.y - 10, width: 214, height: 20, fill: "transparent" }),
  svg("circle", { class: "ring", cx: host.x, cy: host.y, r: 10.5 }), look);
}

// Where on a link a ring is clearest of the link's figure and of the routers at its ends.
function ringOn(link) {
  const length = Math.hypot(link.x2 - link.x1, link.y2 - link.y1);
  let best = null;
  for (let share = 0.1; share < 0.95; share += 0.05) {
    const x = link.x1 + (link.x2 - link.x1) * share, y = link.y1 + (link.y2 - link.y1) * share;
    const aside = link.figure_x === null ? Infinity
      : Math.hypot(Math.max(0, Math.abs(x - link.figure_x) - 27), Math.max(0, Math.abs(y - link.figure_y) - 10));
    const room = Math.min(aside - 12, Math.min(share, 1 - share) * length - 20);
    if (!best || room > best.room) best = { x, y, room };
  }
  return best;
}

function singleRings(map) {
  const points = FAILURES ? FAILURES.single_points : [];
  return points.map((id) => {
    const link = map.links.find((l) => l.id === id);
    const host = map.hosts.find((h) => h.id === id);
    const at = link ? ringOn(link) : map.routers.find((r) => r.id === id) || host;
    return at ? svg("circle", { cx: at.x, cy: at.y, r: host ? 8.5 : 13, fill: "none", stroke: "#111", "stroke-width": 2.2,
      "stroke-dasharray": "5 3" }) : null;
  });
}

function mapKeys(map) {
  const line = ([, colour, width]) => svg("svg", { width: 30, height: 12, "aria-hidden": "true", focusable: "false" },
    svg("line", { x1: 1, x2: 29, y1: 6, y2: 6, stroke: colour, "stroke-width": width }));
  const dot = (kind) => svg("svg", { width: 18, height: 18, "aria-hidden": "true", focusable: "false" }, shape(kind, 9, 9));
  const kinds = new Set(map.hosts.map(kindOf));
  const item = (picture, text) => el("li", {}, picture, text);
  return el("ul", { class: "keys" },
    item(svg("svg", { width: 16, height: 16, "aria-hidden": "true", focusable: "false" },
      svg("rect", { x: 3, y: 3, width: 11, height: 11, fill: "#2b4a6f" })), w("router")),
    ["mcu", "chair", "branch", "new"].filter((kind) => kinds.has(kind)).map((kind) => item(dot(kind), w(kind))),
    BINS.map((bin, i) => item(line(bin), i < 4 ? w("load", { pct: `${i ? BINS[i - 1][0] : 0}–${bin[0]}` }) : w("load over", { pct: 80 }))),
    item(line([0, UNKNOWN, 1.5]), w("unknown load")),
    map.links.some((l) => l.assumed) || map.routers.some((r) => r.assumed) ? el("li", {}, w("assumed")) : null,
    FAILURES && FAILURES.single_points.length ? item(svg("svg", { width: 22, height: 22, "aria-hidden": "true", focusable: "false" },
      svg("circle", { cx: 11, cy: 11, r: 8.5, fill: "none", stroke: "#111", "stroke-width": 2, "stroke-dasharray": "4 2" })), w("single")) : null);
}

function mapPart() {
  const map = (RUN && RUN.map) || (FAILURES && FAILURES.map);
  if (!map) return { node: el("p", {}, w("no map")) };
  const pick = RUN ? (id) => { choose({ bridge: id }); say(w("chosen", { bridge: nameOf(RUN, id) })); } : null;
  const measured = RUN ? new Set(RUN.bridges.map((b) => b.id)) : new Set();
  const links = drawLinks(map);
  const hosts = map.hosts.map((host) => drawHost(host, measured.has(host.id) ? pick : null));
  const nodes = hosts.filter((node) => node.classList.contains("node"));
  const picture = svg("svg", { viewBox: `0 0 ${map.width} ${map.height}`, role: "group", "aria-label": w("map label") },
    links.lines, links.figures, singleRings(map),
    map.routers.map((r) => svg("g", {},
      svg("rect", { x: r.x - 7, y: r.y - 7, width: 14, height: 14, fill: r.assumed ? "#fff" : "#2b4a6f", stroke: "#2b4a6f",
        "stroke-width": 2 }),
      svg("text", { x: r.name_x, y: r.name_y + 5, "text-anchor": "middle", class: "town", "font-size": 14, "font-weight": 700 },
        r.name + (r.assumed ? "*" : "")))),
    hosts);
  picture.addEventListener("keydown", (event) => {
    const at = nodes.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (at < 0) return;
    if (step || event.key === "Home" || event.key === "End") {
      const to = step ? (at + step + nodes.length) % nodes.length : event.key === "Home" ? 0 : nodes.length - 1;
      nodes[at].setAttribute("tabindex", -1);
      nodes[to].setAttribute("tabindex", 0);
      nodes[to].focus();
      event.preventDefault();
    } else if (event.key === "Enter" || event.key === " ") {
      pick(nodes[at].dataset.id);
      event.preventDefault();
    }
  });
  const colours = [
    ...(RUN ? [["worst", w("worst")], ...RUN.phases.map((p) => [p.name, WORDS[lang][`${p.name} long`] || p.name])] : []),
    ...(RUN && RUN.curves ? [["second", w("at second", { second: num(state.second, 0) })]] : []),
    ...(FAILURES ? [["failures", w("by failures")]] : []),
  ];
  const radios = colours.map(([value, text]) => el("label", {},
    el("input", { type: "radio", name: "colour", value, checked: state.colour === value,
      change: () => choose({ colour: value }) }), el("span", { id: `colour-${value}` }, text)));
  const update = () => {
    links.update();
    nodes.forEach((node) => {
      const on = node.dataset.id === state.bridge;
      node.setAttribute("aria-pressed", String(on));
      if (!nodes.includes(document.activeElement)) node.setAttribute("tabindex", on ? 0 : -1);
    });
    const moment = byId("colour-second");
    if (moment) moment.textContent = w("at second", { second: num(state.second, 0) });
  };
  update();
  if (nodes.length && !nodes.some((n) => n.getAttribute("tabindex") === "0")) nodes[0].setAttribute("tabindex", 0);
  return { update, node: [
    el("div", { class: "controls" }, el("fieldset", {}, el("legend", {}, w("colour by")), radios)),
    el("figure", { class: "map" }, scroller(w("map"), picture),
      el("figcaption", { class: "small" }, w("map caption"))), mapKeys(map)] };
}
