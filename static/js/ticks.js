// What is ticked in a table or a form: it stays through a swap, and one box ticks a whole table.
"use strict";

// --- A swap keeps the ticks of its rows and what was confirmed ([data-keep]: of what), and says what has changed

const KEPT = "tbody .tick input[type=checkbox], [data-keep]";
const fields = () => [...document.querySelectorAll(KEPT)];
const keptAs = (field) => field.dataset.keep || field.value;
const announced = () => [...document.querySelectorAll("[data-announce]")].map(textToAnnounce);
let kept = new Map();
let saidBefore = [];

document.addEventListener("htmx:beforeSwap", (event) => {
  // A button that ticks ([data-ticks]) is the server's to answer: what was ticked before does not come back.
  const ticks = event.detail.requestConfig?.elt?.matches("[data-ticks]");
  kept = new Map(ticks ? [] : fields().map((field) => [keptAs(field), field]));
  saidBefore = announced();
});

document.addEventListener("htmx:afterSwap", () => {
  for (const field of fields()) restore(field, kept.get(keptAs(field)) ?? field);
  const news = announced().filter((text) => !saidBefore.includes(text));
  if (news.length) document.getElementById("announcement").textContent = news.join(" ");
});

function restore(field, before) {
  field.checked = before.checked;
  if (field.dataset.keep) field.value = before.value;
}

function textToAnnounce(element) {
  return element.dataset.announce || element.textContent.trim();
}

// --- One box in a table's head ticks all of its rows ([data-tick-all]), and says whether none, some or all are

const ticksOf = (all) => [...all.closest("table").querySelectorAll("tbody .tick input[type=checkbox]:enabled")];

function followTicks() {
  for (const all of document.querySelectorAll("[data-tick-all]")) {
    const ticks = ticksOf(all);
    const ticked = ticks.filter((tick) => tick.checked).length;
    all.hidden = false;
    all.checked = ticked > 0 && ticked === ticks.length;
    all.indeterminate = ticked > 0 && ticked < ticks.length;
    all.disabled = ticks.length === 0;
  }
}

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-tick-all]")) for (const tick of ticksOf(target)) tick.checked = target.checked;
  followTicks();
});
document.addEventListener("reset", () => setTimeout(followTicks));
document.addEventListener("htmx:afterSwap", followTicks);
window.addEventListener("pageshow", followTicks);
