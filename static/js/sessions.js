// When a session ends: for whoever has gone, and in all tabs at once.
"use strict";

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
