// What other parts of the portal say of a card (impediments, key results), as far as this reader may see it: cards are the
// same for everybody, so marks are laid over them.

import { board, cardOf, cards, hear, tell } from "./page.js";

let known = {};

function lay() {
  for (const [id, html] of Object.entries(known)) {
    const place = cardOf(id)?.querySelector("[data-marks]");
    if (place && place.innerHTML !== html) place.innerHTML = html;
  }
}

async function ask() {
  if (!board.dataset.marksUrl || !cards().length) return;
  const answer = await fetch(board.dataset.marksUrl, { headers: { "X-Requested-With": "board" } }).catch(() => null);
  if (!answer?.ok) return;
  known = await answer.json();
  lay();
  tell("marked");
}

export function start() {
  ask();
  hear("replaced", ask);
  hear("followed", lay);
}
