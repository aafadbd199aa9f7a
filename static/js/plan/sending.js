// Writing: a move, an undo, a form in the dialog. What went well is a message with its way back; what did not is a form
// that says who was faster and does it again with one click.

import { board, dialog, messages, say, tell, token } from "./page.js";

const taken = []; // addresses that take back what was done here, the last one last
const SHOWN_SECONDS = 20;
let fading = 0;
const button = document.querySelector("[data-undo]");

const headers = () => ({ "X-CSRFToken": token(), "X-Requested-With": "board" });

// Post a form. Gives the number of its line in the log when it was written, else 0; the dialog is open when it has to be
// asked about.
export async function send(address, form) {
  const answer = await fetch(address, { method: "POST", body: form, headers: headers() }).catch(() => null);
  if (!answer) return refused("Not written: the portal cannot be reached. The board stays as it was.");
  const kind = answer.headers.get("Content-Type") || "";
  if (answer.ok && kind.includes("json")) return done(await answer.json());
  if (kind.startsWith("text/html") && [400, 409].includes(answer.status)) { ask(await answer.text()); return 0; }
  const why = answer.status === 403 ? "you may not change that row" : "something went wrong";
  return refused(`Not written: ${why}.`);
}

function done({ number, text, undo }) {
  dialog.close();
  if (undo) taken.push(undo);
  if (button) button.disabled = !taken.length;
  show(text, undo);
  say(text);
  tell("written", { number });
  return number;
}

function refused(text) {
  show(text, "", "error");
  say(text);
  return 0;
}

// One message at a time, with its undo.
export function show(text, undo = "", kind = "success") {
  const line = document.createElement("div");
  line.className = `message ${kind}`;
  const words = document.createElement("span");
  words.textContent = text;
  line.append(words);
  if (undo) {
    const back = document.createElement("button");
    back.className = "button small";
    back.type = "button";
    back.textContent = "Undo";
    back.addEventListener("click", () => takeBack(undo));
    line.append(back);
  }
  messages.replaceChildren(line);
  clearTimeout(fading);
  fading = setTimeout(() => { if (!messages.contains(document.activeElement)) messages.replaceChildren(); }, SHOWN_SECONDS * 1000);
}

async function takeBack(address) {
  const place = taken.lastIndexOf(address);
  if (place >= 0) taken.splice(place, 1);
  const before = taken.length;
  const isDone = await send(address, new FormData());
  // Taking back is written too, but Undo does not undo itself.
  if (isDone) taken.length = before;
  if (button) button.disabled = !taken.length;
}

export function undo() {
  const last = taken[taken.length - 1] ?? board.dataset.undoUrl;
  if (last) takeBack(last);
}

export function ask(html) {
  dialog.innerHTML = html;
  if (!dialog.open) dialog.showModal();
  // What is wrong first; else, when somebody was faster, the button that does it again.
  const wanted = ["[aria-invalid=true]", "[role=alert] ~ form .primary", "select, input:not([type=hidden])", "button"];
  const first = wanted.map((one) => dialog.querySelector(one)).find(Boolean);
  first?.focus();
  const title = dialog.querySelector("h2")?.textContent.trim();
  if (title) dialog.setAttribute("aria-label", title);
  say(dialog.querySelector("[role=alert]")?.textContent.trim() || title || "");
}

export async function open(address) {
  const answer = await fetch(address, { headers: headers() }).catch(() => null);
  if (!answer?.ok || !answer.headers.get("Content-Type")?.startsWith("text/html")) { location.href = address; return; }
  const text = await answer.text();
  if (/^\s*<!doctype/i.test(text)) { location.href = address; return; }
  ask(text);
}

export function start() {
  button?.addEventListener("click", undo);
  if (button && board.dataset.undoUrl) button.disabled = false;
  document.addEventListener("keydown", (event) => {
    const isField = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || isField || dialog.open) return;
    if (!button) return;
    event.preventDefault();
    undo();
  });
  dialog.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "dialog") return;
    event.preventDefault();
    send(form.action, new FormData(form, event.submitter));
  });
  dialog.addEventListener("click", (event) => {
    if (event.target.closest("[data-close], [data-board-close]") || event.target === dialog) { event.preventDefault(); dialog.close(); }
  });
  dialog.addEventListener("close", () => tell("asked"));
}
