// Boards: cards in columns, moved by drag, by keyboard (Space lifts, arrows, Space drops, Escape) or by a "Move to…" link,
// and kept live. Everything is said by the page, so one script serves every board; docs/developers/components.md has it.
//
// <section data-board data-live="board:portfolio" data-board-part="?part=board">
//   <p data-board-said role="status">, <div data-board-messages>, <dialog data-board-dialog>, then <div data-board-body> with
//   [data-board-column="key" data-label="Funnel"] > [data-board-cards] > [data-board-card="12" data-name data-version
//   data-move="/…/move/" (absent: it stays)] with an <a data-board-menu href> in it. <p hidden data-board-finding> in it says what the heading says now.
//
// A move posts column, version and part=board as a form to data-move. 200 is answered with a message (with its undo form),
// everything else (a limit, a missing word, 409 with who and when) with a form for the dialog, which posts the same way.

const board = document.querySelector("[data-board]");
const body = board.querySelector("[data-board-body]");
const said = board.querySelector("[data-board-said]");
const messages = board.querySelector("[data-board-messages]");
const dialog = board.querySelector("[data-board-dialog]");
const field = board.dataset.boardField || "stage";
const token = () => JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];

let lifted = null; // { card, from, place } while a card is in somebody's hand
let isStale = false; // something happened while it was
let reading = 0;

const columns = () => [...body.querySelectorAll("[data-board-column]")];
const columnOf = (card) => card.closest("[data-board-column]");
const cardsOf = (column) => [...column.querySelectorAll("[data-board-card]")];
const find = (id) => body.querySelector(`[data-board-card="${CSS.escape(id)}"]`);

function say(text) {
  said.textContent = "";
  requestAnimationFrame(() => { said.textContent = text; });
}

function place(card) {
  const column = columnOf(card);
  const all = columns();
  return `${column.dataset.label}, column ${all.indexOf(column) + 1} of ${all.length}`;
}

// Read the board again and keep the reader where they were: the focused card, and how far each part was scrolled.
async function refresh() {
  if (lifted) { isStale = true; return; }
  reading += 1;
  const mine = reading;
  const answer = await fetch(board.dataset.boardPart, { headers: { "X-Requested-With": "board" } }).catch(() => null);
  if (!answer?.ok || mine !== reading) return;
  const text = await answer.text();
  if (lifted) { isStale = true; return; }
  const focused = document.activeElement?.closest?.("[data-board-card]")?.dataset.boardCard;
  const onMenu = document.activeElement?.matches?.("[data-board-menu]");
  const frame = body.querySelector("[data-board-frame]");
  const across = frame?.scrollLeft;
  body.innerHTML = text;
  if (across) body.querySelector("[data-board-frame]").scrollLeft = across;
  // What the page says goes with what it shows.
  const finding = body.querySelector("[data-board-finding]");
  if (finding) document.querySelector("h1").textContent = finding.textContent;
  arm();
  if (focused) focusOn(focused, onMenu);
}

function focusOn(id, onMenu = false) {
  const card = find(id);
  (onMenu ? card?.querySelector("[data-board-menu]") : card)?.focus({ preventScroll: true });
}

async function send(address, form, id) {
  form.set("part", "board");
  const headers = { "X-CSRFToken": token(), "X-Requested-With": "board" };
  const answer = await fetch(address, { method: "POST", body: form, headers }).catch(() => null);
  if (!answer) {
    say("Not moved: the portal cannot be reached.");
  } else if (answer.ok) {
    dialog.close();
    messages.innerHTML = await answer.text();
    say(messages.querySelector(".message > span")?.textContent.trim() || "Moved.");
  } else if (answer.headers.get("Content-Type")?.startsWith("text/html") && [400, 409].includes(answer.status)) {
    ask(await answer.text());
  } else {
    say(answer.status === 403 ? "Not moved: you may not move it there." : "Not moved: something went wrong.");
  }
  await refresh();
  if (id && !dialog.open) focusOn(id);
}

function ask(html) {
  dialog.innerHTML = html;
  if (!dialog.open) dialog.showModal();
  const first = dialog.querySelector("[aria-invalid=true], [data-board-first], input:not([type=hidden]), button");
  first?.focus();
  say(dialog.querySelector("h2")?.textContent || "");
}

function move(card, column) {
  const form = new FormData();
  form.set(field, column.dataset.boardColumn);
  form.set("version", card.dataset.version);
  return send(card.dataset.move, form, card.dataset.boardCard);
}

// In the hand: the card stands where it would go, and nothing is written before it is dropped.
function lift(card) {
  if (!card.dataset.move) { say(`${card.dataset.name} stays: you may not move it.`); return; }
  lifted = { card, from: columnOf(card), next: card.closest("li").nextSibling };
  card.classList.add("lifted");
  say(`${card.dataset.name} lifted. It is in ${place(card)}. Arrows move it, Space drops it, Escape puts it back.`);
}

function carry(column) {
  if (!column) return;
  const { card } = lifted;
  column.querySelector("[data-board-cards]").prepend(card.closest("li"));
  card.focus();
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
  say(place(card));
}

function release() {
  const { card, from, next } = lifted;
  card.classList.remove("lifted");
  from.querySelector("[data-board-cards]").insertBefore(card.closest("li"), next);
  lifted = null;
  for (const one of columns()) one.classList.remove("over");
  if (isStale) { isStale = false; refresh(); }
}

function drop() {
  const { card, from } = lifted;
  const column = columnOf(card);
  card.classList.remove("lifted");
  lifted = null;
  isStale = false;
  if (column === from) { say(`${card.dataset.name} stays in ${place(card)}.`); return refresh(); }
  return move(card, column);
}

function step(card, key) {
  const column = columnOf(card);
  const all = columns();
  const own = cardsOf(column);
  const at = own.indexOf(card);
  if (key === "ArrowUp" || key === "ArrowDown") return own[at + (key === "ArrowDown" ? 1 : -1)];
  const way = key === "ArrowRight" ? 1 : -1;
  for (let n = all.indexOf(column) + way; all[n]; n += way) {
    const there = cardsOf(all[n]);
    if (there.length) return there[Math.min(at, there.length - 1)];
  }
  return null;
}

body.addEventListener("keydown", (event) => {
  const card = event.target.closest("[data-board-card]");
  if (!card || event.target !== card || event.ctrlKey || event.metaKey || event.altKey) return;
  const isArrow = event.key.startsWith("Arrow");
  if (event.key === " ") {
    event.preventDefault();
    if (lifted) drop(); else lift(card);
  } else if (event.key === "Escape" && lifted) {
    event.preventDefault();
    release();
    card.focus();
    say(`${card.dataset.name} is back in ${place(card)}.`);
  } else if (isArrow) {
    event.preventDefault();
    if (!lifted) return step(card, event.key)?.focus();
    const all = columns();
    const at = all.indexOf(columnOf(card));
    carry(all[at + ({ ArrowLeft: -1, ArrowRight: 1 }[event.key] || 0)]);
  }
  return undefined;
});

// Leaving a lifted card by Tab or a click puts it back.
body.addEventListener("focusout", (event) => {
  if (!lifted || lifted.isDragged || event.target !== lifted.card) return;
  requestAnimationFrame(() => { if (lifted && document.activeElement !== lifted.card) release(); });
});

function arm() {
  for (const card of body.querySelectorAll("[data-board-card][data-move]")) card.draggable = true;
}

body.addEventListener("dragstart", (event) => {
  const card = event.target.closest?.("[data-board-card][data-move]");
  if (!card) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", card.dataset.name);
  lifted = { card, from: columnOf(card), next: card.closest("li").nextSibling, isDragged: true };
  requestAnimationFrame(() => card.classList.add("lifted"));
});

body.addEventListener("dragover", (event) => {
  const column = event.target.closest?.("[data-board-column]");
  if (!lifted?.isDragged || !column) return;
  event.preventDefault();
  for (const one of columns()) one.classList.toggle("over", one === column && one !== lifted.from);
});

body.addEventListener("drop", (event) => {
  const column = event.target.closest?.("[data-board-column]");
  if (!lifted?.isDragged || !column) return;
  event.preventDefault();
  const { card, from } = lifted;
  for (const one of columns()) one.classList.remove("over");
  if (column !== from) column.querySelector("[data-board-cards]").prepend(card.closest("li"));
  drop();
});

body.addEventListener("dragend", () => { if (lifted?.isDragged) release(); });

// The menu, the dialog and the undo are forms and links that work without this script too.
body.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-board-menu]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const answer = await fetch(`${link.href}?part=board`, { headers: { "X-Requested-With": "board" } }).catch(() => null);
  if (!answer?.ok) { location.href = link.href; return; }
  ask(await answer.text());
});

board.addEventListener("submit", (event) => {
  const form = event.target;
  if (!dialog.contains(form) && !messages.contains(form)) return;
  event.preventDefault();
  if (form.method === "dialog") { dialog.close(); return; }
  send(form.action, new FormData(form, event.submitter), form.dataset.boardOf);
});

dialog.addEventListener("click", (event) => {
  if (event.target.closest("[data-board-close]") || event.target === dialog) { event.preventDefault(); dialog.close(); }
});
dialog.addEventListener("close", () => { refresh(); });

board.addEventListener("live", refresh);
arm();
