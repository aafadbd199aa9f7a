// What every part of the planning board asks of the page: its elements, and a voice for screen readers.

export const board = document.querySelector("[data-plan]");
export const body = board.querySelector("[data-plan-body]");
export const dialog = board.querySelector("[data-plan-dialog]");
export const messages = board.querySelector("[data-plan-messages]");
const said = board.querySelector("[data-plan-said]");

export const frame = () => body.querySelector("[data-plan-frame]");
export const grid = () => body.querySelector("[data-plan-grid]");
export const rows = () => [...body.querySelectorAll("[data-lane]")];
export const cells = () => [...body.querySelectorAll("[data-cell]")];
export const cards = () => [...body.querySelectorAll("[data-card]")];
export const cardOf = (id) => body.querySelector(`[data-card="${CSS.escape(id)}"]`);
export const cellOf = (id) => body.querySelector(`[data-cell="${CSS.escape(id)}"]`);
export const cardsIn = (cell) => [...cell.querySelectorAll("[data-card]")];
export const listIn = (cell) => cell.querySelector("[data-cards]");
export const cellAround = (card) => card.closest("[data-cell]");
export const isShown = (element) => element.getClientRects().length > 0;

export const nameOf = (card) => card.dataset.name || `card ${card.dataset.card}`;
export const labelOf = (cell) => cell.dataset.label || cell.dataset.cell;

// Where a card stands, in words: "Falcon, Iteration 2, place 1 of 3".
export function place(card) {
  const cell = cellAround(card);
  const all = cardsIn(cell);
  return `${labelOf(cell)}, place ${all.indexOf(card) + 1} of ${all.length}`;
}

export function say(text) {
  said.textContent = "";
  requestAnimationFrame(() => { said.textContent = text; });
}

// What this reader may change: their rows' ids; "parking" belongs to everybody who takes part.
export function mayChange(cell) {
  if (board.dataset.lanes === undefined) return false;
  if ("manages" in board.dataset) return true;
  const lanes = JSON.parse(board.dataset.lanes || "[]");
  if (cell.dataset.cell === "parking") return lanes.length > 0;
  return lanes.includes(Number(cell.dataset.cell.split("-")[0]));
}

export const token = () => JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];

// What is told to the other parts of the board: "plan:changed" (cards stand elsewhere: draw the strings again),
// "plan:replaced" (the whole part is new), "plan:filtered".
export const tell = (name, detail = {}) => board.dispatchEvent(new CustomEvent(`plan:${name}`, { detail }));
export const hear = (name, listener) => board.addEventListener(`plan:${name}`, listener);

// One call after the next frame, however often it is asked for: what nobody sees does not keep the frame waiting.
export function afterFrame(work) {
  let asked = 0;
  return () => {
    if (asked) return;
    asked = requestAnimationFrame(() => setTimeout(() => { asked = 0; work(); }));
  };
}

// One call per frame, however often it is asked for.
export function oncePerFrame(work) {
  let asked = 0;
  return () => {
    if (asked) return;
    asked = requestAnimationFrame(() => { asked = 0; work(); });
  };
}
