// Lists: what is ticked in them stays through a swap, one box ticks a whole table, a row leads to what it is about, and
// what a search finds is moved in.
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

// --- What is ticked stays ticked on the other pages of a list ([data-ticks-of]: of which), in this tab, until something
// is ticked in another list; its form sends all of it, at most as much as [data-most]. What is sent by a button that
// says [data-clear] is done with.

const STORE = "ticks";
const tickLists = () => document.querySelectorAll("[data-ticks-of]");
const nameOf = (list) => `${document.body.dataset.person} ${list.dataset.ticksOf}`;
const boxesOf = (list) => [...list.querySelectorAll("tbody .tick input:enabled")];

function storedFor(list) {
  const { of, ids } = JSON.parse(sessionStorage.getItem(STORE) ?? "{}");
  return of === nameOf(list) ? ids : [];
}

function elsewhereOf(list) {
  const here = new Set(boxesOf(list).map((box) => box.value));
  return storedFor(list).filter((id) => !here.has(id));
}

function rememberTicks(list, elsewhere = elsewhereOf(list)) {
  const ticked = boxesOf(list).filter((box) => box.checked);
  const ids = [...elsewhere, ...ticked.map((box) => box.value)];
  if (ids.length || storedFor(list).length) sessionStorage.setItem(STORE, JSON.stringify({ of: nameOf(list), ids }));
  const most = Number(list.dataset.most);
  say(list.querySelector("[data-elsewhere]"), elsewhere.length > 0, `${elsewhere.length} more on other pages`);
  say(list.querySelector("[data-too-many]"), ids.length > most, `At most ${most} at once`);
}

function say(place, isSo, words) {
  if (!place) return; // nobody who is here may do anything with ticks
  place.hidden = !isSo;
  place.textContent = isSo ? words : "";
}

// `asked`: what the address says is ticked, also where it was sent on by somebody else.
function recallTicks(asked = []) {
  for (const list of tickLists()) {
    const ids = new Set([...storedFor(list), ...asked]);
    for (const box of boxesOf(list)) box.checked = ids.delete(box.value) || box.checked;
    rememberTicks(list, [...ids]);
  }
  followTicks();
}

recallTicks(new URLSearchParams(location.search).getAll("tick"));
document.addEventListener("htmx:afterSwap", () => recallTicks());
window.addEventListener("pageshow", () => recallTicks());

document.addEventListener("change", ({ target }) => {
  const list = target.closest("[data-ticks-of]");
  if (list) rememberTicks(list);
});
document.addEventListener("reset", ({ target }) => {
  const list = target.closest("[data-ticks-of]");
  if (list) setTimeout(rememberTicks, 0, list, []);
});
document.addEventListener("click", ({ target }) => target.closest("a[data-clear]") && sessionStorage.removeItem(STORE));
document.addEventListener("submit", (event) => {
  const form = event.target;
  // Only once the page is left: pressed twice, it sends the same both times.
  if (event.submitter?.matches("[data-clear]")) addEventListener("pagehide", () => sessionStorage.removeItem(STORE));
  const list = form.closest("[data-ticks-of]");
  const own = list ? boxesOf(list).filter((box) => box.form === form) : []; // a row may have forms of its own
  if (!own.length) return;
  if (!list.querySelector("[data-too-many]").hidden) return event.preventDefault();
  for (const field of form.querySelectorAll(".sent-along")) field.remove();
  const fields = elsewhereOf(list).map((value) => ({ type: "hidden", className: "sent-along", name: own[0].name, value }));
  form.append(...fields.map((field) => Object.assign(document.createElement("input"), field)));
});

// --- With Shift a click ticks, or clears, all rows from the one that was clicked before

let clickedBefore = "";

document.addEventListener("click", ({ target, shiftKey }) => {
  if (!target.matches("tbody .tick input[type=checkbox]")) return;
  const ticks = ticksOf(target);
  const ends = [target.value, clickedBefore].map((value) => ticks.findIndex((tick) => tick.value === value));
  const between = shiftKey && !ends.includes(-1) ? ticks.slice(Math.min(...ends), Math.max(...ends) + 1) : [];
  for (const tick of between) tick.checked = target.checked;
  clickedBefore = target.value;
});

// --- Keys in a table: the row whose link has the focus is the one that is opened and ticked

const STEPS = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 };
const ROW_LINK = "tbody th a";
const linkOf = (row) => row.querySelector("th a") ?? row.querySelector("a"); // a payment has none in its head

function answersRowKey(table, key) {
  const links = [...table.tBodies].flatMap((body) => [...body.rows].map(linkOf)).filter(Boolean);
  const row = document.activeElement.closest("tbody tr");
  const at = links.findIndex((link) => row?.contains(link));
  const next = key in STEPS ? links[Math.max(at + STEPS[key], 0)] : undefined;
  next?.focus();
  if (next && isPeeking()) peek(next);
  if (key === "Space") return at >= 0 && links[at] === document.activeElement && peekOrClose(links[at]);
  if (key === "o") links[at]?.click();
  if (key === "x" && at >= 0) row.querySelector(".tick input:enabled")?.click();
  return at >= 0 || next !== undefined;
}

// --- A whole row leads where the link in its head does; who comes back has the focus on that link

const LEADS_ELSEWHERE = "a, button, input, select, textarea, label, details";
const OPENED = "opened"; // the address that was opened from a list, in this tab

document.addEventListener("click", (event) => {
  const { target } = event;
  const link = target.closest(".stack tbody tr")?.querySelector(ROW_LINK);
  if (!link) return;
  if (link.contains(target)) sessionStorage.setItem(OPENED, link.href);
  else if (!target.closest(LEADS_ELSEWHERE) && getSelection().isCollapsed) link.dispatchEvent(new MouseEvent("click", event));
});

window.addEventListener("pageshow", () => {
  if (performance.getEntriesByType("navigation")[0]?.type !== "back_forward") return;
  const opened = sessionStorage.getItem(OPENED);
  [...document.querySelectorAll(ROW_LINK)].find((link) => link.href === opened)?.focus({ preventScroll: true });
});

// Arrows scroll the page until a row has the focus.
function movesInRows(key) {
  const table = document.activeElement.closest("table[aria-keyshortcuts~=j]");
  return key.startsWith("Arrow") && key in STEPS && table !== null && answersRowKey(table, key);
}

// --- Peek: an order beside the list (#peek), by a row's button or Space; Escape closes it, and the focus is in its row

const CLOSED = "";
let peeked = CLOSED; // the id of the link of its row

const isPeeking = () => peeked !== CLOSED;

function peek(link, event) {
  peeked = link.id;
  markPeeked();
  const to = { target: "#peek", source: "#peek", swap: "innerHTML", event };
  htmx.ajax("GET", link.getAttribute("href"), to);
}

function peekOrClose(link, event) {
  if (peeked === link.id) closePeek();
  else peek(link, event);
  return true;
}

function closePeek() {
  if (!isPeeking()) return;
  const link = document.getElementById(peeked);
  peeked = CLOSED;
  markPeeked();
  document.getElementById("peek").replaceChildren();
  link?.focus();
}

function markPeeked() {
  for (const link of document.querySelectorAll(`${ROW_LINK}[aria-current]`)) link.removeAttribute("aria-current");
  if (isPeeking()) document.getElementById(peeked)?.setAttribute("aria-current", "true");
}

function peekStep(step) {
  const links = [...document.querySelectorAll(`table.orders ${ROW_LINK}`)];
  const next = links[links.findIndex((link) => link.id === peeked) + step];
  if (next) peek(next);
}

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const button = event.target.closest("[data-peek], [data-peek-step], [data-peek-close]");
  if (!button) return;
  event.preventDefault();
  if (button.matches("[data-peek]")) peekOrClose(button.closest("tr").querySelector("th a"), event);
  else if (button.matches("[data-peek-step]")) peekStep(Number(button.dataset.peekStep));
  else closePeek();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented && !isTyping() && !document.querySelector("dialog[open]")) closePeek();
});
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id === "peek" && !isPeeking()) event.detail.shouldSwap = false; // closed meanwhile
});
document.addEventListener("htmx:afterSwap", markPeeked);

// --- What the search field offers: arrows move among it, Enter opens the chosen one, Escape and moving on close it

const FOUND = "search-options";

document.addEventListener("keydown", (event) => {
  const search = document.querySelector("[data-search]");
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key !== "k") return;
  if (!search || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  search.focus();
  search.select();
});

function chosen() {
  return document.querySelector(`#${FOUND} [aria-selected=true]`);
}

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  const search = document.querySelector("[data-search]");
  if (option) search.setAttribute("aria-activedescendant", option.id);
  else search.removeAttribute("aria-activedescendant");
}

function closeFound() {
  choose(null);
  document.getElementById(FOUND).replaceChildren();
  document.querySelector("[data-search]").setAttribute("aria-expanded", "false");
}

document.addEventListener("keydown", (event) => {
  if (!event.target.matches("[data-search]")) return;
  const options = [...document.querySelectorAll(`#${FOUND} [role=option]`)];
  const at = options.indexOf(chosen());
  if (event.key === "Escape" && document.getElementById(FOUND).hasChildNodes()) closeFound();
  else if (event.key === "ArrowDown" && options.length) choose(options[(at + 1) % options.length]);
  else if (event.key === "ArrowUp" && options.length) choose(options.at(at < 0 ? -1 : at - 1));
  else if (event.key === "Enter" && at >= 0) options[at].click();
  else return;
  event.preventDefault();
});

document.addEventListener("htmx:afterSwap", ({ target }) => {
  if (target.id !== FOUND) return;
  const search = document.querySelector("[data-search]");
  search.removeAttribute("aria-activedescendant");
  search.setAttribute("aria-expanded", String(target.querySelector("[role=option]") !== null));
  if (document.activeElement !== search) closeFound();
});

for (const kind of ["focusin", "click"]) {
  document.addEventListener(kind, (event) => {
    if (document.getElementById(FOUND)?.hasChildNodes() && !event.target.closest(".search")) closeFound();
  });
}
