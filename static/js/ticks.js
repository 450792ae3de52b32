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
