// What somebody typed is not lost: not to a session that ended, a token that is too old, or a page that is left.
// Without this file the server keeps a posted form across the sign-in (orders/services/accounts/unsent.py).
"use strict";

const here = document.body.dataset; // of the person whom the page was drawn for
const dialog = document.getElementById("sign-in");
const ACCOUNT = new URL("..", new URL(here.session, location.href)).pathname; // where one signs in
const tabs = new BroadcastChannel("session");
const unsaved = new Set(); // forms in which something was typed and not sent
const stuck = new Set(); // of those that save themselves: the last save came to nothing
const FIELD = "input:not([type=hidden], [type=checkbox], [type=radio], [type=password]), textarea, select";
let failed = null; // the request of htmx that can be tried again
let awaiting = false; // a sign-in, here or in another tab

// By its attribute: the form of a payment has a field that is called “method”.
const isOurs = (form) => form?.getAttribute("method") === "post" && !dialog.contains(form);
const saverOf = (form) => form.querySelector("[data-saves]");

// --- Who is signed in now, and a token that is good now; null where nobody answers

async function session() {
  try {
    return await (await fetch(here.session)).json();
  } catch {
    return null;
  }
}

function freshen(token) {
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
  for (const field of document.getElementsByName("csrfmiddlewaretoken")) if (isOurs(field.form)) field.value = token;
}

// True where the same person is signed in; another one gets to see nothing of this page.
function isSamePerson(state) {
  if (!state) return false;
  if (state.person && state.person !== here.person) {
    unsaved.clear();
    document.getElementById("main").replaceChildren();
    location.replace("/");
    return false;
  }
  return Boolean(state.person);
}

// --- A form is sent once it is known that it will be taken

document.addEventListener("submit", checkFirst, true);

function checkFirst(event) {
  const form = event.target;
  if (!isOurs(form) || form.matches("[data-unchecked], [hx-post]")) return;
  if (form.dataset.checked) return void delete form.dataset.checked;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (form.dataset.asking) return;
  form.dataset.asking = "yes";
  sendIfTaken(form, event.submitter);
}

async function sendIfTaken(form, button) {
  const state = await session();
  delete form.dataset.asking;
  if (!state) return showError("unreachable");
  if (state.person === here.person) {
    freshen(state.token);
    form.dataset.checked = "yes";
    return form.requestSubmit(stillThere(form, button));
  }
  if (isSamePerson(state) || state.person) return;
  signedOut();
  openSignIn(here.signIn);
}

// A swap may have drawn the button anew meanwhile. One that says something else is not what was pressed.
function stillThere(form, button) {
  if (!button || (button.isConnected && button.form === form)) return button;
  return [...form.elements].find((other) => other.type === "submit" && other.name === button.name && other.value === button.value);
}

// Nothing but a form that was really sent is no longer unsaved.
window.addEventListener("submit", (event) => event.defaultPrevented || unsaved.delete(event.target));

// --- A part of the page that meets the sign-in, or has a token that is too old, leaves the page as it is

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  if (xhr.status === 401) {
    event.detail.shouldSwap = false;
    if (requestConfig.elt.matches("[data-saves]")) unsaved.add(requestConfig.elt.closest("form"));
    signedOut(xhr.getResponseHeader("X-Sign-In-At"));
  }
  if (xhr.getResponseHeader("X-Stale-Form")) {
    failed = requestConfig;
    session().then((state) => isSamePerson(state) && freshen(state.token));
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-sign-in], button[data-again]");
  if (button?.matches("[data-sign-in]")) openSignIn(button.dataset.signIn || here.signIn);
  if (button?.matches("[data-again]") && failed) {
    const { verb, path, elt, target } = failed;
    htmx.ajax(verb, path, { source: elt, target });
  }
});

function signedOut(address) {
  awaiting = true;
  if (document.querySelector("#messages [data-sign-in]")) return;
  showNotice("signed-out");
  document.querySelector("#messages [data-sign-in]").dataset.signIn = address || "";
}

function showNotice(template) {
  document.querySelector("#messages [data-session]")?.remove();
  document.getElementById("messages").prepend(document.getElementById(template).content.cloneNode(true));
  tellOfTyped(document.querySelector("#messages [data-session]"));
}

// Who has typed nothing is told nothing of it.
function tellOfTyped(place) {
  const typed = [...unsaved].some((form) => form.isConnected);
  for (const words of place.querySelectorAll("[data-if-typed]")) words.hidden = !typed;
}

// --- Signing in over the page: the same forms, asked for and answered without leaving it

let focusedUnder = null;

document.addEventListener("focusin", ({ target }) => {
  if (isOurs(target.form)) focusedUnder = target;
});

async function openSignIn(address) {
  tellOfTyped(dialog);
  if (!dialog.open) dialog.showModal();
  await inDialog(fetch(withNext(address)));
}

function withNext(address) {
  const url = new URL(address, location.href);
  url.searchParams.set("next", here.session);
  return url;
}

async function inDialog(asked) {
  const answer = await asked.catch(() => null);
  if (!answer) return showError("unreachable");
  const { pathname } = new URL(answer.url);
  if (pathname === here.session) return signedIn(await answer.json());
  if (!pathname.startsWith(ACCOUNT)) return lookAgain(); // a way back was lost: no page is shown inside of another
  dialog.querySelector("[data-place]").replaceChildren(...partsOf(await answer.text()));
  dialog.querySelector("[data-place] input:not([type=hidden])")?.focus();
}

function partsOf(page) {
  const main = new DOMParser().parseFromString(page, "text/html").querySelector("main");
  // A passkey's answer is sent by leaving the page: the other tab is for that. So are links, but those to a field.
  for (const part of main.querySelectorAll("script, template, noscript, form:has(#passkey-button), a:not([href^='#'])")) part.remove();
  for (const name of ["id", "for", "aria-describedby"]) {
    for (const part of main.querySelectorAll(`[${name}]`)) part.setAttribute(name, apart(part.getAttribute(name)));
  }
  for (const link of main.querySelectorAll("a")) link.hash = apart(link.hash.slice(1));
  for (const form of main.querySelectorAll("form:not(:has([name=next]))")) form.append(wayBack());
  return main.childNodes;
}

// The page underneath has names of its own.
const apart = (names) => names.replace(/\S+/g, "over-$&");

// Whoever cancels at the second factor begins anew, and comes back here all the same.
function wayBack() {
  const field = document.createElement("input");
  return Object.assign(field, { type: "hidden", name: "next", value: here.session });
}

dialog.addEventListener("submit", (event) => {
  if (event.target.getAttribute("method") !== "post") return;
  event.preventDefault();
  event.stopPropagation();
  inDialog(fetch(event.target.action, { method: "POST", body: new URLSearchParams(new FormData(event.target)) }));
});

function signedIn(state) {
  if (!isSamePerson(state)) return;
  awaiting = false;
  freshen(state.token);
  dialog.close();
  showNotice("signed-in-again");
  focusedUnder?.focus();
  for (const form of unsaved) if (saverOf(form)) htmx.trigger(saverOf(form), "again");
}

// --- Other tabs: one signs in there, as oneself or as another person

async function lookAgain() {
  const state = await session();
  if (isSamePerson(state) && awaiting) signedIn(state);
}

tabs.addEventListener("message", (event) => (awaiting || event.data !== here.person) && lookAgain());
window.addEventListener("focus", () => awaiting && lookAgain());
tabs.postMessage(here.person);

// --- Leaving with something unsaved asks; what saves itself is saved

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (isOurs(form) && !form.matches("[data-downloads]")) unsaved.add(form); // what is chosen for a file is no loss
});

document.addEventListener("htmx:beforeSend", (event) => {
  if (event.detail.elt.matches("[data-saves]")) unsaved.delete(event.detail.elt.closest("form"));
});

document.addEventListener("htmx:afterRequest", (event) => {
  const saver = event.detail.elt;
  if (!saver.matches("[data-saves]")) return;
  const form = saver.closest("form");
  const saved = event.detail.successful && !saver.querySelector("[data-unsaved]");
  stuck[saved ? "delete" : "add"](form);
  if (!saved) unsaved.add(form);
});

window.addEventListener("beforeunload", (event) => {
  const left = [...unsaved].filter((form) => form.isConnected);
  for (const form of left.filter(saverOf)) saveOnLeaving(form);
  if (left.some((form) => !saverOf(form) || stuck.has(form))) event.preventDefault();
});

function saveOnLeaving(form) {
  const headers = { "HX-Request": "true", "HX-Target": saverOf(form).id };
  fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers, keepalive: true });
}

// --- What the server filled in after a sign-in is followed by its buttons, as if it had been typed now

if (document.querySelector("[data-unsent]")) {
  for (const field of document.querySelectorAll(`#main form[method=post] :is(${FIELD})`)) {
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

// --- Enter in a search presses its own button ([data-enter])

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || !event.target.dataset.enter) return;
  event.preventDefault();
  document.getElementById(event.target.dataset.enter).click();
});

// --- Enter in a table of fields ([data-down]), as a scanner presses it, leads to the same field of the next row, and
// from the last one to the button

document.addEventListener("keydown", (event) => {
  const field = event.target;
  const table = field.matches("input") && field.closest("[data-down]");
  if (event.key !== "Enter" || event.isComposing || !table) return;
  event.preventDefault();
  const [column] = field.name.split("-");
  const fields = [...table.querySelectorAll(`input[name^="${column}-"]`)];
  const next = fields[fields.indexOf(field) + 1] ?? table.closest("form").querySelector(".btn-primary");
  next.focus();
  next.select?.();
});

// --- A text that is too long is said at its field

document.addEventListener("input", ({ target }) => {
  const longest = Number(target.dataset.longest);
  if (!longest) return;
  const characters = [...target.value.replaceAll("\r\n", "\n")].length;
  const place = target.parentElement.querySelector(":scope > .too-long") ?? target.insertAdjacentElement("afterend", document.createElement("div"));
  place.className = "error bad too-long";
  place.textContent = characters > longest ? `${characters} characters, and ${longest} are kept. Shorten it by ${characters - longest}.` : "";
});
