// The way of the keyboard: one card at a time is in the Tab order, the one it was on last, so that Tab comes to the cards
// and leaves them again with one key each; arrows go from card to card. Without script every title and menu is reached.

import { afterFrame, cardOf, cards, cardsIn, cellAround, cellOf, cells, hear, isShown, labelOf, nameOf, oncePerFrame, place, say } from "./page.js";

let chosen = null; // the card that Tab comes to
let stood = null; // { cell, at }: where it stood when the keyboard came to it; null while the keyboard is elsewhere
const armed = new WeakSet();

function reach(card, isOpen) {
  card.tabIndex = isOpen ? 0 : -1;
  for (const link of card.querySelectorAll("a[href]")) link.tabIndex = isOpen && !link.matches("[data-title]") ? 0 : -1;
  armed.add(card);
}

function choose(card) {
  if (chosen && chosen !== card) reach(chosen, false);
  chosen = card;
  if (card) reach(card, true);
}

// The same card where it was made anew, else the next one where it stood, else the first that can be seen.
function settle() {
  for (const card of cards()) if (!armed.has(card)) reach(card, false);
  const same = chosen && cardOf(chosen.dataset.card);
  const was = chosen;
  const next = same && isShown(same) ? same : beside() ?? cards().find(isShown) ?? null;
  if (next !== chosen) choose(next);
  if (was && !same && next && stood && document.activeElement === document.body) follow(was, next);
}

function beside() {
  const own = stood && cellOf(stood.cell) ? cardsIn(cellOf(stood.cell)).filter(isShown) : [];
  return own[Math.min(stood?.at ?? 0, own.length - 1)];
}

// Somebody took the card away under the keyboard.
function follow(was, next) {
  next.focus({ preventScroll: true });
  say(`${nameOf(was)} was taken off the board. You are on ${nameOf(next)} in ${place(next)}.`);
}

function note(card) {
  if (!card) { stood = null; return; }
  if (card !== chosen) choose(card);
  const cell = cellAround(card);
  stood = { cell: cell.dataset.cell, at: cardsIn(cell).indexOf(card) };
}

// Where each card stands is part of its name: "Refunds in Falcon, Iteration 2, 3 of 5".
function name() {
  for (const cell of cells()) {
    const own = cardsIn(cell);
    own.forEach((card, at) => {
      const spot = card.querySelector("[data-place]");
      const text = `in ${labelOf(cell)}, ${at + 1} of ${own.length}`;
      if (spot && spot.textContent !== text) spot.textContent = text;
    });
  }
}

// Back from a page about a card ("…/board/#card-81"): the keyboard is on it.
function arrive() {
  const card = /^#card-\d+$/.test(location.hash) && cardOf(location.hash.slice(6));
  if (!card || !isShown(card)) return;
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
}

export function start() {
  const again = oncePerFrame(settle);
  const rename = afterFrame(name);
  for (const event of ["changed", "followed", "replaced", "filtered"]) { hear(event, again); hear(event, rename); }
  // Marks bring links of their own.
  hear("marked", () => { for (const card of cards()) reach(card, card === chosen); });
  // Who clicks beside the cards has left them, too.
  for (const event of ["focusin", "pointerdown"]) {
    document.addEventListener(event, ({ target }) => note(target.closest?.("[data-card]") ?? null));
  }
  settle();
  name();
  arrive();
}
