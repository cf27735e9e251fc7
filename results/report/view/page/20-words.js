// Words in the language chosen, and numbers as people of that language write them.
const DATA = JSON.parse(byId("data").textContent);
const WORDS = JSON.parse(byId("words").textContent);
const MINUS = "\u2212", NBSP = "\u00a0", DASH = "\u2013";
let lang = DATA.lang;

function w(key, values = {}) {
  const text = WORDS[lang][key];
  if (text === undefined) throw new Error(`no word for ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

const both = (text) => text[lang];

// As the annex and the terminal round: to the nearest, an exact half to the even digit.
function fixed(value, digits) {
  const exact = value.toFixed(60), kept = exact.length - 60 + digits;
  if (!/^50*$/.test(exact.slice(kept))) return value.toFixed(digits);
  const cut = exact.slice(0, kept).replace(/\.$/, "");
  return Number(cut[cut.length - 1]) % 2 ? value.toFixed(digits) : cut;
}

// At most `digits` decimals, none that are nought; a dash where there is no value.
function num(value, digits = 2) {
  if (value === null || value === undefined || Number.isNaN(value)) return DASH;
  let text = fixed(Math.abs(value), digits);
  if (text.includes(".")) text = text.replace(/0+$/, "").replace(/\.$/, "");
  let [whole, part] = text.split(".");
  whole = whole.replace(/\B(?=(\d{3})+$)/g, lang === "vi" ? "." : ",");
  const sign = value < 0 && Number(text) !== 0 ? MINUS : "";
  return sign + whole + (part ? (lang === "vi" ? "," : ".") + part : "");
}

const phaseName = (name) => WORDS[lang][name] ? w(name) : name;
const streamName = (key) => { const [, kind, way] = key.split(" "); return `${w(kind)}, ${w(way)}`; };

function say(text) { byId("said").textContent = text; }
