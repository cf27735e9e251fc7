"use strict";
(() => {
// The language: the style sheet hides the texts of the other one.
function speak(lang) {
  document.documentElement.lang = lang;
  for (const button of document.querySelectorAll("#languages button")) {
    button.setAttribute("aria-pressed", String(button.lang === lang));
  }
}
for (const button of document.querySelectorAll("#languages button")) {
  button.addEventListener("click", () => speak(button.lang));
}

// Tables: a press on a head sorts by its column, another press in the other direction.
const figure = (text, lang) => {
  const plain = lang === "vi" ? text.replaceAll(".", "").replace(",", ".") : text.replaceAll(",", "");
  return Number.parseFloat(plain.replace("−", "-"));
};
function compare(a, b, lang) {
  const [x, y] = [figure(a, lang), figure(b, lang)];
  if (Number.isNaN(x) || Number.isNaN(y)) {
    return Number.isNaN(x) && Number.isNaN(y) ? a.localeCompare(b, lang) : Number.isNaN(x) ? 1 : -1;
  }
  return x - y;
}
for (const table of document.querySelectorAll("table")) {
  const lang = table.closest("[lang]").lang, heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const sense = head.getAttribute("aria-sort") === "descending" ? 1 : -1;
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", sense > 0 ? "ascending" : "descending");
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => sense * compare(a.cells[column].textContent, b.cells[column].textContent, lang));
      table.tBodies[0].append(...rows);
    });
  });
}
for (const made of document.querySelectorAll(".scroll")) made.tabIndex = 0;
speak(["vi", "en"].includes(location.hash.slice(1)) ? location.hash.slice(1) : document.documentElement.lang);
})();
