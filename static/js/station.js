// The station: whatever is scanned reaches the server once and in order, wherever the focus is and whatever the line does.
// Without this file the page is a plain form. It is a module: its names are its own.

const station = document.getElementById("station");
const scanField = document.getElementById("scan");
const GAP_MS = 60; // between two letters of a scanner, at most; who types by hand is slower
const SHORTEST = 4; // letters of a scan
const ECHO_MS = 300; // a scanner that ends in two line breaks presses no button with the second
const RETRY_MS = [500, 1_000, 2_000, 5_000];

// --- What is scanned waits here, also through a reload, until the page shows the server's answer to it

const STORE = `station ${document.body.dataset.person} ${location.pathname}`;
const queue = JSON.parse(sessionStorage.getItem(STORE) ?? "[]");
let sending = false;
let tries = 0;

const answered = (id) => shown("heard").split(" ").includes(id); // another tab may have scanned since
const shown = (name) => station.querySelector(`#bench input[name=${name}]`)?.value ?? "";

function put(action) {
  const order = queue.length ? "" : shown("order"); // who scans on ahead of the page has not seen another
  queue.push({ id: crypto.randomUUID(), seen: shown("seen"), order, ...action });
  keep();
  send();
}

function keep() {
  sessionStorage.setItem(STORE, JSON.stringify(queue));
  const waiting = document.getElementById("unsent");
  waiting.hidden = !tries;
  waiting.textContent = tries ? wordsOf(queue.length === 1 ? "1 scan waits" : `${queue.length} scans wait`) : "";
}

// `awaiting`: of kept.js, which asks for the sign-in.
const wordsOf = (scans) =>
  awaiting ? `You are signed out. ${scans} here and will be sent once you have signed in.` : `No answer. ${scans} here and will be sent. Go on.`;

async function send() {
  if (sending || !queue.length) return;
  sending = true;
  const [action] = queue;
  try {
    await htmx.ajax("POST", location.pathname, { source: station, target: "#bench", values: action, event: new Event("scan") });
  } catch {} // htmx has said it already
  sending = false;
  if (!answered(action.id)) return again();
  tries = 0;
  queue.shift();
  keep();
  tell();
  send();
}

function again() {
  if (!tries) sound("wait");
  setTimeout(send, RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]);
  tries += 1;
  keep();
}

window.addEventListener("online", send);
keep();
send();

// --- What is said is heard, unless the person has switched the sound off

const TONES = { good: [[880, 0.07]], wait: [[440, 0.15]], plain: [[660, 0.05]], bad: [[160, 0.25], [120, 0.35]] };
let audio = null;

function tell() {
  const said = document.getElementById("answer");
  document.getElementById("said").textContent = said.querySelector("[data-said]").textContent;
  sound(said.dataset.tone);
}

function sound(tone) {
  if (document.querySelector("#answer[data-sound]")) play(TONES[tone] ?? []);
}

function play(notes) {
  audio ??= new AudioContext();
  let at = audio.currentTime;
  for (const [pitch, seconds] of notes) {
    const note = new OscillatorNode(audio, { frequency: pitch, type: "square" });
    note.connect(new GainNode(audio, { gain: 0.1 })).connect(audio.destination);
    note.start(at);
    note.stop((at += seconds));
  }
}

// --- A scanner types fast and ends in Enter or Tab: it is caught wherever the focus is, and presses nothing

let burst = { text: "", field: null, before: "", at: 0 };
let scannedAt = -ECHO_MS;

document.addEventListener("keydown", catchKey, true);

function catchKey(event) {
  if (event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return undoByKey(event);
  if (event.key.length === 1) return catchLetter(event);
  if (event.key === "Enter" || event.key === "Tab") return catchEnd(event);
  pressByKey(event);
}

function catchLetter(event) {
  const goesOn = event.timeStamp - burst.at <= GAP_MS;
  if (!isTyping() && (event.key !== " " || goesOn)) scanField.focus();
  const field = document.activeElement;
  if (!goesOn || field !== burst.field) burst = { text: "", field, before: field.value, at: 0 };
  burst.text += event.key;
  burst.at = event.timeStamp;
}

function catchEnd(event) {
  const scanned = burst.text.length >= SHORTEST && event.timeStamp - burst.at <= GAP_MS && burst.field === document.activeElement;
  const inField = [scanField, document.body].includes(document.activeElement); // or nowhere: it is meant for the field
  const [text, field, before] = [burst.text, burst.field, burst.before];
  burst = { text: "", field: null, before: "", at: 0 };
  if (scanned && !inField) {
    field.value = before; // what was scanned into another field does not stay there
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  if (scanned || (inField && event.key === "Enter")) {
    stop(event);
    enter(scanned && !inField ? text : scanField.value, scanned, event);
  }
}

function enter(text, scanned, event) {
  if (text.trim()) put({ do: "scan", scan: text.trim() });
  else if (!event.repeat && event.timeStamp - scannedAt > ECHO_MS) put({ do: "go", scan: "" });
  if (scanned) scannedAt = event.timeStamp;
  scanField.value = "";
  scanField.focus();
}

function stop(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

// --- Keys say themselves at their buttons (aria-keyshortcuts); those of letters are for the field

function pressByKey(event) {
  const button = station.querySelector(`#bench [aria-keyshortcuts="${CSS.escape(event.key)}"]`);
  if (!button || event.shiftKey || document.querySelector("details[name=menu][open]")) return;
  if (event.key === "Escape" && (isTyping() ? document.activeElement.value || document.activeElement !== scanField : false)) return;
  stop(event);
  if (!event.repeat) button.click();
}

function undoByKey(event) {
  const button = station.querySelector('#bench [aria-keyshortcuts="Control+Z"]');
  const isKey = event.key.toLowerCase() === "z" && !event.altKey && !event.shiftKey; // with Caps Lock too
  if (!button || !isKey || scanField.value || (isTyping() && document.activeElement !== scanField)) return;
  stop(event);
  if (!event.repeat) button.click();
}

// --- Buttons go the same way as scans, one after the other

station.addEventListener("submit", (event) => {
  event.preventDefault();
  const what = event.submitter?.value ?? "scan";
  const text = what === "scan" ? scanField.value.trim() : "";
  if (what === "scan") scanField.value = "";
  put({ do: what === "scan" && !text ? "go" : what, scan: text, reason: station.elements.reason?.value ?? "" });
  scanField.focus();
});

// Nothing in this form is unsaved: what was scanned is in the queue (kept.js asks before other forms are left).
station.addEventListener("input", (event) => event.stopPropagation());

// Enter in the reason keeps it.
station.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.dataset.enterDo) return;
  event.preventDefault();
  put({ do: event.target.dataset.enterDo, scan: "", reason: event.target.value });
  scanField.focus();
});

// --- A camera, where the browser reads barcodes

const camera = document.getElementById("camera");
const view = document.getElementById("camera-view");
const LOOK_MS = 200;
const SAME_MS = 2_000; // so long one code is held before the camera
let lastCode = { text: "", at: -SAME_MS };

camera.hidden = !("BarcodeDetector" in window && navigator.mediaDevices?.getUserMedia);
camera.addEventListener("click", () => (view.srcObject ? closeCamera() : openCamera()));

async function openCamera() {
  try {
    view.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    document.getElementById("said").textContent = "The camera could not be opened. Allow it for this page.";
    return;
  }
  view.hidden = false;
  await view.play();
  look(new BarcodeDetector());
}

function closeCamera() {
  for (const track of view.srcObject.getTracks()) track.stop();
  view.srcObject = null;
  view.hidden = true;
}

async function look(detector) {
  if (!view.srcObject) return;
  const [code] = await detector.detect(view).catch(() => []);
  const now = performance.now();
  if (code && (code.rawValue !== lastCode.text || now - lastCode.at > SAME_MS)) put({ do: "scan", scan: code.rawValue });
  if (code) lastCode = { text: code.rawValue, at: now };
  setTimeout(look, LOOK_MS, detector);
}
