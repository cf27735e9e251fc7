// Everything on the page, in the language chosen.
function sections() {
  if (!RUN) return [verdictSection, mapSection, failuresSection];
  return [verdictSection, criteriaSection, ...(OTHER ? [comparisonSection] : []), mapSection, timeSection,
    bridgeSection, mcuSection, linksSection, failuresSection, assumptionsSection, evidenceSection];
}

function render() {
  document.documentElement.lang = lang;
  const id = (RUN || FAILURES).run_id, title = w(RUN ? "title" : "title failures");
  document.title = `${title} – ${id}`;
  byId("title").textContent = title;
  byId("run-id").textContent = OTHER ? `A: ${id} · B: ${OTHER.run_id}` : id;
  byId("skip").textContent = w("skip");
  byId("foot").textContent = w("foot");
  for (const other of ["vi", "en"]) byId(`lang-${other}`).setAttribute("aria-pressed", String(other === lang));
  updates = [];
  const made = sections().map((make) => make());
  for (const { update } of made) if (update) updates.push(update);
  clear(byId("main"), made.map(({ node }) => node));
  byId("contents").setAttribute("aria-label", w("contents"));
  clear(byId("contents"), el("ul", {}, made.map(({ node }) => el("li", {},
    el("a", { href: `#${node.id}` }, w(node.id))))));
}

for (const other of ["vi", "en"]) {
  byId(`lang-${other}`).addEventListener("click", () => { lang = other; render(); });
}
let opened = [];
window.addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")].filter((d) => d.querySelector("table"));
  opened.forEach((d) => { d.open = true; });
});
window.addEventListener("afterprint", () => opened.forEach((d) => { d.open = false; }));
byId("skip").setAttribute("href", "#main");
if (location.hash === "#en" || location.hash === "#vi") lang = location.hash.slice(1);
render();
