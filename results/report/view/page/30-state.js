// What is chosen; sections are told when it changes.
const RUN = DATA.run, OTHER = DATA.other, FAILURES = DATA.failures;

const state = {
  bridge: RUN ? RUN.first : null,
  measure: "delay",
  colour: RUN ? "worst" : "failures",
  second: 0,
  link: null,
};
let updates = [];

function choose(patch) {
  Object.assign(state, patch);
  for (const update of updates) update(patch);
}

function nameOf(run, id) {
  const found = run.bridges.find((bridge) => bridge.id === id);
  return found ? found.name : id;
}

// Curves come as one row of 32-bit floats; NaN: nothing was measured then.
const unpacked = new Map();
function curve(run, place) {
  if (!run || !run.curves || place === undefined) return null;
  if (!unpacked.has(run)) {
    const text = atob(run.curves.data), bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
    const view = new DataView(bytes.buffer), floats = new Float32Array(bytes.length / 4);
    for (let i = 0; i < floats.length; i += 1) floats[i] = view.getFloat32(i * 4, true);
    unpacked.set(run, floats);
  }
  const seconds = run.curves.seconds;
  return unpacked.get(run).subarray(place * seconds, (place + 1) * seconds);
}

const lengthOf = (run) => run.phases.length ? Math.round(run.phases[run.phases.length - 1].to) : 0;
const phaseAt = (run, second) => run.phases.find((phase) => second >= phase.from && second < phase.to);
