// Cards in the hand: by drag, or by keyboard (Space lifts, arrows carry, Space drops, Escape puts back), every step said.
// The card stands at once where it was dropped, and its strings with it; when the portal refuses, it goes back.

import { board, body, cardOf, cardsIn, cellAround, cells, frame, hear, isShown, listIn, mayChange, nameOf, place, rows, say, tell } from "./page.js";
import { open, send } from "./sending.js";

let hand = null; // { card, cell, next, isDragged } while a card is in somebody's hand
let held = null; // the card that the keyboard was on last
const line = document.createElement("li"); // where a dragged card would go
line.className = "plan-here";
line.setAttribute("aria-hidden", "true");

let flying = 0; // drops that the portal has not answered yet

export const isBusy = () => hand !== null || flying > 0;
export const inHand = () => hand?.card.dataset.card ?? null;

const item = (card) => card.closest("li");
const unfolded = (cell) => !cell.closest("[data-lane]")?.hasAttribute("data-folded");

// Cells beside and above each other, as they are seen: folded and hidden rows are passed over.
function neighbour(cell, key) {
  const row = cell.closest("[data-lane]");
  if (!row) return key === "ArrowUp" ? lastRow()?.querySelector("[data-cell]") : null;
  const own = [...row.querySelectorAll("[data-cell]")];
  const column = own.indexOf(cell);
  if (key === "ArrowLeft" || key === "ArrowRight") return own[column + (key === "ArrowRight" ? 1 : -1)] ?? null;
  const seen = rows().filter((one) => isShown(one) && !one.hasAttribute("data-folded"));
  const next = seen[seen.indexOf(row) + (key === "ArrowDown" ? 1 : -1)];
  if (next) return next.querySelectorAll("[data-cell]")[column];
  return key === "ArrowDown" ? body.querySelector('[data-cell="parking"]') : null;
}

const lastRow = () => rows().filter((one) => isShown(one) && !one.hasAttribute("data-folded")).pop();

function lift(card, isDragged = false) {
  const cell = cellAround(card);
  if (!mayChange(cell)) {
    say(`${nameOf(card)} stays: it stands in a row that is not yours to plan.`);
    return false;
  }
  hand = { card, cell, next: item(card).nextElementSibling, isDragged };
  board.classList.add("carrying");
  for (const one of cells()) if (!mayChange(one)) one.classList.add("closed");
  if (!isDragged) {
    card.classList.add("lifted");
    say(`${nameOf(card)} lifted. It is in ${place(card)}. Arrow keys move it, Space drops it, Escape puts it back.`);
  }
  return true;
}

// One step with the keyboard: up and down inside a cell, then to the next row; left and right between iterations.
function carry(key) {
  const { card } = hand;
  const cell = cellAround(card);
  const own = item(card);
  const up = key === "ArrowUp";
  const beside = up ? own.previousElementSibling : own.nextElementSibling;
  if ((up || key === "ArrowDown") && beside) {
    if (up) beside.before(own); else beside.after(own);
  } else {
    const there = neighbour(cell, key);
    if (!there) { say("The board ends here."); return; }
    if (up) listIn(there).append(own); else listIn(there).prepend(own);
    if (!mayChange(there)) { settle(); say(`${place(card)}. Not yours to plan: it cannot be dropped here.`); return; }
  }
  settle();
  say(place(card));
}

function settle() {
  const { card } = hand;
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
  tell("changed");
}

function empty() {
  hand.card.classList.remove("lifted", "dragged");
  board.classList.remove("carrying");
  for (const one of body.querySelectorAll(".plan-cell:is(.over, .closed)")) one.classList.remove("over", "closed");
  line.remove();
  hand = null;
}

function putBack({ card, cell, next }) {
  const list = listIn(cell);
  if (next?.parentNode === list) next.before(item(card)); else list.append(item(card));
  tell("changed");
}

export function release() {
  if (!hand) return;
  const was = hand;
  putBack(was);
  empty();
  tell("released");
}

async function drop() {
  const was = hand;
  const { card, cell } = was;
  const there = cellAround(card);
  const rank = cardsIn(there).indexOf(card);
  const isSame = there === cell && item(card).nextElementSibling === was.next;
  if (isSame || !mayChange(there)) {
    release();
    card.focus({ preventScroll: true });
    say(isSame ? `${nameOf(card)} stays in ${place(card)}.` : "Not moved: that row is not yours to plan.");
    return;
  }
  empty();
  card.classList.add("pending");
  if (!was.isDragged) card.focus({ preventScroll: true });
  tell("changed");
  const form = new FormData();
  form.set("cell", there.dataset.cell);
  form.set("rank", rank);
  form.set("version", card.dataset.version);
  flying += 1;
  const number = await send(board.dataset.moveUrl.replace("/0/", `/${card.dataset.card}/`), form);
  flying -= 1;
  card.classList.remove("pending");
  if (number) tell("moved", { id: card.dataset.card, number });
  else if (card.isConnected) putBack(was);
  tell("released");
}

// Without a card in the hand the arrows go from card to card.
function step(card, key) {
  const cell = cellAround(card);
  const own = cardsIn(cell).filter(isShown);
  const at = own.indexOf(card);
  if (key === "ArrowUp" && own[at - 1]) return own[at - 1];
  if (key === "ArrowDown" && own[at + 1]) return own[at + 1];
  for (let next = neighbour(cell, key); next; next = neighbour(next, key)) {
    const there = cardsIn(next).filter(isShown);
    if (there.length) return there[key === "ArrowUp" ? there.length - 1 : Math.min(key === "ArrowDown" ? 0 : at, there.length - 1)];
  }
  return null;
}

function onKey(event) {
  const card = event.target;
  if (!card.matches?.("[data-card]") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " ") {
    event.preventDefault();
    if (hand) drop(); else lift(card);
  } else if (event.key === "Escape" && hand) {
    event.preventDefault();
    release();
    card.focus({ preventScroll: true });
    say(`${nameOf(card)} is back in ${place(card)}.`);
  } else if (event.key.startsWith("Arrow")) {
    event.preventDefault();
    if (hand) carry(event.key);
    else step(card, event.key)?.focus();
  } else if (event.key === "Enter") {
    card.querySelector("[data-title]")?.click();
  } else if (event.key.toLowerCase() === "m") {
    card.querySelector("[data-menu]")?.click();
  } else if (event.key.toLowerCase() === "n" && !hand) {
    add(cellAround(card));
  }
}

// A new card where the keyboard is: the form asks for the place, with this one chosen.
function add(cell) {
  const link = document.querySelector("[data-plan-new]");
  if (!link) return;
  const url = new URL(link.href);
  if (mayChange(cell)) url.searchParams.set("cell", cell.dataset.cell);
  location.href = url;
}

// Before which card a dragged one would go.
function below(cell, y) {
  return cardsIn(cell).find((one) => {
    if (one === hand.card || !isShown(one)) return false;
    const { top, height } = one.getBoundingClientRect();
    return y < top + height / 2;
  });
}

function onOver(event) {
  const cell = event.target.closest?.("[data-cell]");
  if (!hand?.isDragged) return;
  const isOpen = cell && mayChange(cell);
  for (const one of body.querySelectorAll(".plan-cell.over")) if (one !== cell || !isOpen) one.classList.remove("over");
  scrollAlong(event);
  if (!isOpen) { line.remove(); return; }
  event.preventDefault();
  cell.classList.add("over");
  const next = below(cell, event.clientY);
  const before = next ? item(next) : null;
  if (line.parentNode !== listIn(cell) || line.nextElementSibling !== before) listIn(cell).insertBefore(line, before);
}

// Near the frame's edge the board goes along.
function scrollAlong({ clientX, clientY }) {
  const box = frame().getBoundingClientRect();
  const [near, speed] = [44, 14];
  const way = (at, low, high) => (at < low + near ? -speed : at > high - near ? speed : 0);
  frame().scrollBy(way(clientX, box.left + 90, box.right), way(clientY, box.top + 40, box.bottom));
}

function onDrop(event) {
  const cell = event.target.closest?.("[data-cell]");
  if (!hand?.isDragged || !cell || !mayChange(cell)) return;
  event.preventDefault();
  const list = listIn(cell);
  if (line.parentNode === list) line.before(item(hand.card));
  else list.append(item(hand.card));
  line.remove();
  if (!unfolded(cell)) tell("changed");
  drop();
}

export function start() {
  if (board.dataset.lanes !== undefined) {
    body.addEventListener("dragstart", (event) => {
      const card = event.target.closest?.("[data-card]");
      if (!card) return;
      if (!lift(card, true)) { event.preventDefault(); return; }
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", nameOf(card));
      requestAnimationFrame(() => card.classList.add("dragged"));
    });
    body.addEventListener("dragover", onOver);
    body.addEventListener("drop", onDrop);
    body.addEventListener("dragend", () => { if (hand?.isDragged) release(); });
  }
  body.addEventListener("keydown", onKey);
  // Leaving a lifted card by Tab or a click puts it back.
  body.addEventListener("focusout", (event) => {
    if (!hand || hand.isDragged || event.target !== hand.card) return;
    requestAnimationFrame(() => { if (hand && document.activeElement !== hand.card) release(); });
  });
  body.addEventListener("click", (event) => {
    const link = event.target.closest("[data-menu]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link.href);
  });
  body.addEventListener("focusin", (event) => { held = event.target.closest("[data-card]")?.dataset.card ?? held; });
  // After the dialog the keyboard is where it was: on the card that it was about.
  hear("asked", () => { if (held) cardOf(held)?.focus({ preventScroll: true }); });
}
