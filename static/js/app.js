// What HTML cannot do by itself. Every page works without this file. Listeners are delegated, so swapped parts need none.
"use strict";

// --- Menus: one is open at a time (details[name=menu]); outside, Escape and moving on close it

const MENU = "details[name=menu][open]";

function closeMenusOutside(event) {
  for (const menu of document.querySelectorAll(MENU)) {
    if (!menu.contains(event.target)) menu.open = false;
  }
}

document.addEventListener("click", closeMenusOutside);
document.addEventListener("focusin", closeMenusOutside);

document.addEventListener("keydown", (event) => event.key === "Escape" && closeMenu());

function closeMenu() {
  const menu = document.querySelector(MENU);
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
}

// --- Keys: what a key stands for says so itself (aria-keyshortcuts). A link is followed, a table moves among its rows
// (lists.js), the search field gets the focus: none changes anything. Who has switched them off gets no such attribute.

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.shiftKey && /\w/.test(event.key)) return; // "?" and, on some keyboards, "/" need it
  if (isTyping() || document.querySelector("dialog[open]")) return;
  const key = event.key === " " ? "Space" : event.key;
  const place = document.querySelector(`[aria-keyshortcuts~="${CSS.escape(key)}"]`);
  if (place ? answersKey(place, key) : movesInRows(key)) event.preventDefault();
});

function answersKey(place, key) {
  if (place.matches("table")) return answersRowKey(place, key);
  if (place.matches("a")) place.click();
  else place.focus();
  place.select?.(); // a field
  return true;
}

// --- The list of the keys; without it, or without this file, the link leads to the same list at the account

document.addEventListener("click", (event) => {
  const keys = document.getElementById("shortcuts");
  if (!keys || !event.target.closest("[data-shortcuts]")) return;
  event.preventDefault();
  closeMenu();
  keys.showModal();
});

function isTyping(inside = document) {
  const focused = document.activeElement;
  const takesText = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
  return focused !== null && inside.contains(focused) && focused.matches(takesText);
}

// --- On a narrow screen the current tab may stand outside of the row that is seen

document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// --- Parts that refresh themselves ([data-live]) wait while nobody looks or somebody is at work in them

document.addEventListener("htmx:beforeRequest", (event) => {
  const live = event.detail.elt;
  if (!live.matches("[data-live]")) return;
  if (document.hidden || live.querySelector(MENU) || isTyping(live) || isSelecting(live)) event.preventDefault();
});

function isSelecting(inside) {
  const selection = document.getSelection();
  return !selection.isCollapsed && inside.contains(selection.anchorNode);
}

// --- What is to be typed or scanned anew is selected as it gets the focus ([data-select]): it is replaced, not added to

document.addEventListener("focusin", ({ target }) => target.matches("[data-select]") && target.select());

// --- Errors of a swap stand in #messages (see htmx-config) until an answer comes that is none

document.addEventListener("htmx:sendError", () => showError("unreachable"));
document.addEventListener("htmx:timeout", () => showError("unreachable"));
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  showError("passkey-failed");
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.successful) return;
  for (const error of document.querySelectorAll("#messages [data-error]")) error.remove();
});

function showError(template) {
  const messages = document.getElementById("messages");
  messages.querySelector("[data-error]")?.remove();
  messages.prepend(document.getElementById(template).content.cloneNode(true));
}

// --- A form is sent once: the server knows a second one, this only spares the person the wondering

const againAfterMs = (form) => (form.matches("[data-downloads]") ? 2_000 : 30_000); // a file leaves the page as it is

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute("method") !== "post") return; // a field may be called “method”
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-disabled", "true");
  setTimeout(release, againAfterMs(form), form);
});

function release(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
}

// --- Back shows what the server says now: nothing, after signing out

window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  document.querySelectorAll("form[data-sent]").forEach(release);
  if (document.body.hasAttribute("data-private")) location.reload();
});

// --- A swap inside [data-typed] keeps what was typed, chosen or opened in it since its request left

const TYPED = "[data-typed]";
const stateOf = (field) => (field.matches("details") ? field.open : field.matches(":is([type=checkbox], [type=radio])") ? field.checked : field.value);
const typedIn = (place) => [...place.querySelectorAll("input[id], select[id], textarea[id], details[id]")];
let whenAsked = new Map();
let typedSince = [];
let focusedBefore = "";

document.addEventListener("htmx:beforeSend", (event) => {
  const place = event.detail.target.closest(TYPED);
  if (place) whenAsked = new Map(typedIn(place).map((field) => [field.id, stateOf(field)]));
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const place = event.detail.target.closest(TYPED);
  const fields = place ? typedIn(place) : [];
  focusedBefore = place?.contains(document.activeElement) ? document.activeElement.id : "";
  typedSince = fields.filter((field) => field.matches("details[open]") || whenAsked.get(field.id) !== stateOf(field));
});

document.addEventListener("htmx:afterSwap", () => {
  for (const before of typedSince) putBack(before, document.getElementById(before.id));
  typedSince = [];
  // What stands in details could not take the focus back before they were open again.
  if (focusedBefore && document.activeElement === document.body) document.getElementById(focusedBefore)?.focus();
});

function putBack(before, field) {
  if (!field) return;
  if (field.matches("details")) field.open = before.open || field.open;
  else if (field.matches(":is([type=checkbox], [type=radio])")) field.checked = before.checked;
  else field.value = before.value;
}

// --- What goes out soon says in how many seconds ([data-goes-in])

const goesAt = new WeakMap();
const SECOND_MS = 1000;

function countDown() {
  for (const place of document.querySelectorAll("[data-goes-in]")) {
    if (!goesAt.has(place)) goesAt.set(place, performance.now() + place.dataset.goesIn * SECOND_MS);
    const left = Math.ceil((goesAt.get(place) - performance.now()) / SECOND_MS);
    const says = place.dataset.goesSays || "Sending";
    place.textContent = left > 0 ? `${says} in ${left} s` : `${says} now`;
  }
}

countDown();
setInterval(countDown, SECOND_MS / 4);
document.addEventListener("htmx:afterSwap", countDown);

// --- A page that was asked to be printed ([data-print]) opens the print dialog; the station's tab goes after it

window.addEventListener("load", () => document.querySelector("[data-print]") && window.print());
window.addEventListener("afterprint", () => document.querySelector("[data-print=close]") && window.close());

// --- What a page asks for by itself does not keep somebody signed in who has gone.

document.addEventListener("htmx:configRequest", (event) => {
  if (!event.detail.triggeringEvent) event.detail.headers["X-By-Itself"] = "yes";
});

// --- Who signs out in one tab is signed out in all: the others leave what they show

const signingOut = new BroadcastChannel("signing-out");
if (document.querySelector("[data-signed-out]")) signingOut.postMessage("done");
signingOut.addEventListener("message", () => {
  if (document.body.hasAttribute("data-private")) location.replace(location.pathname + location.search);
});
