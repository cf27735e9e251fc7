// The content of the language chosen, with what is drawn in its places.
const LIVE = { map: mapPart, time: timePart, bridge: bridgePart, mcu: mcuPart, links: linksPart, assume: assumePart };
const inside = byId("inside"), begins = lang, other = byId("other");
const content = { [begins]: [...inside.childNodes], [other.lang]: [...other.content.childNodes] };

function render() {
  document.documentElement.lang = lang;
  const id = (RUN || FAILURES).run_id, title = w(RUN ? "title" : "title failures");
  document.title = `${title} – ${id}`;
  byId("title").textContent = title;
  byId("run-id").textContent = OTHER ? `A: ${id} · B: ${OTHER.run_id}` : id;
  byId("skip").textContent = w("skip");
  for (const each of ["vi", "en"]) byId(`lang-${each}`).setAttribute("aria-pressed", String(each === lang));
  inside.replaceChildren(...content[lang]);
  updates = [];
  for (const place of inside.querySelectorAll("[data-live]")) {
    const { node, update } = LIVE[place.dataset.live]();
    if (update) updates.push(update);
    clear(place, node);
  }
  inside.querySelectorAll(".scroll").forEach((made) => widths.observe(made));
}

// Where a value was worst: a press chooses it and goes there.
inside.addEventListener("click", (event) => {
  const link = event.target.closest("a.place");
  if (!link) return;
  const target = link.hash.slice(1), to = link.dataset.to;
  choose(target === "bridge" ? { bridge: to } : { link: to });
  byId(`${target}-h`).scrollIntoView();
  byId(`${target}-choice`).focus({ preventScroll: true });
  event.preventDefault();
});
for (const each of ["vi", "en"]) {
  byId(`lang-${each}`).addEventListener("click", () => { lang = each; render(); });
}
NARROW.addEventListener("change", render);
let opened = [];
window.addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")].filter((d) => d.querySelector("table"));
  opened.forEach((d) => { d.open = true; });
});
window.addEventListener("afterprint", () => opened.forEach((d) => { d.open = false; }));
byId("skip").setAttribute("href", "#main");
if (location.hash === "#en" || location.hash === "#vi") lang = location.hash.slice(1);
render();
