// How a reader looks at the board: density, size, full screen, folded rows, their own order of rows. Kept for them by the
// portal (the size by the browser); nobody else sees it.

import { board, body, frame, grid, hear, rows, say, tell, token } from "./page.js";

const SIZES = [50, 67, 80, 90, 100, 115, 130];
const tools = board.querySelector("[data-plan-tools]");
let size = Number(localStorage.getItem("plan-size")) || 100;

const ids = (of) => of.map((row) => row.dataset.lane).join();

// Only what was chosen: whoever folds a row has no order of their own by that.
function keep(name, value) {
  const form = new FormData();
  form.set(name, value);
  fetch(board.dataset.viewUrl, { method: "POST", body: form, headers: { "X-CSRFToken": token(), "X-Requested-With": "board" } }).catch(() => null);
}

function fold(button) {
  const row = button.closest("[data-lane]");
  const isFolded = row.toggleAttribute("data-folded");
  button.setAttribute("aria-expanded", !isFolded);
  count(row);
  say(`${row.dataset.name} ${isFolded ? "folded" : "unfolded"}.`);
  tell("changed");
  keep("folded", ids(rows().filter((one) => one.hasAttribute("data-folded"))));
}

// A folded row says how many cards each of its cells holds.
function count(row) {
  for (const cell of row.querySelectorAll("[data-cell]")) {
    const many = cell.querySelectorAll("[data-card]").length;
    cell.querySelector(".plan-inner").dataset.count = many ? `${many} card${many === 1 ? "" : "s"}` : "";
  }
}

// The rows of a value stream stay together: a row steps among its own, and at their end takes them all past the next ones.
const isAmong = (row, other) => row.parentNode === other.parentNode;

function put(row, other, isBefore) {
  const [one, place] = isAmong(row, other) ? [row, other] : [row.parentNode, other.parentNode];
  if (isBefore) place.before(one); else place.after(one);
}

function move(row, way) {
  const all = rows();
  const next = way < 0 ? row.previousElementSibling : row.nextElementSibling;
  const group = way < 0 ? row.parentNode.previousElementSibling : row.parentNode.nextElementSibling;
  const other = next ?? group?.querySelector("[data-lane]");
  if (!other) { say(`The board ${way < 0 ? "begins" : "ends"} here: ${row.dataset.name} is row ${all.indexOf(row) + 1} of ${all.length}.`); return; }
  put(row, other, way < 0);
  after(row, !next && row.parentNode.childElementCount > 1);
}

function after(row, isGroup = false) {
  const all = rows();
  row.querySelector("[data-handle]").focus();
  row.scrollIntoView({ block: "nearest" });
  say(`${row.dataset.name} is row ${all.indexOf(row) + 1} of ${all.length} for you${isGroup ? ", with all rows of its value stream" : ""}.`);
  tell("changed");
  keep("lanes", ids(rows()));
}

let dragged = null;

function dragRows() {
  body.addEventListener("dragstart", (event) => {
    const handle = event.target.closest?.("[data-handle]");
    if (!handle) return;
    dragged = handle.closest("[data-lane]");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.name);
  });
  body.addEventListener("dragover", (event) => {
    const row = event.target.closest?.("[data-lane]");
    if (!dragged || !row) return;
    event.preventDefault();
    if (row === dragged) return;
    const { top, height } = (isAmong(dragged, row) ? row : row.parentNode).getBoundingClientRect();
    put(dragged, row, event.clientY < top + height / 2);
  });
  body.addEventListener("drop", (event) => { if (dragged) event.preventDefault(); });
  body.addEventListener("dragend", () => { if (dragged) { const row = dragged; dragged = null; after(row); } });
}

function zoom(way) {
  const at = SIZES.findIndex((one) => one >= size);
  size = SIZES[Math.min(SIZES.length - 1, Math.max(0, at + way))];
  localStorage.setItem("plan-size", size);
  show();
  say(`${size} %`);
}

function show() {
  if (grid()) grid().dataset.size = size;
  tools.querySelector("[data-zoom-now]").textContent = `${size} %`;
  tell("changed");
}

async function full(button) {
  const isFull = board.classList.toggle("full");
  button.setAttribute("aria-pressed", isFull);
  if (isFull) await board.requestFullscreen?.().catch(() => null);
  else if (document.fullscreenElement) await document.exitFullscreen();
  tell("changed");
}

export function start() {
  for (const row of rows()) count(row);
  show();
  body.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fold]");
    if (button) fold(button);
  });
  body.addEventListener("keydown", (event) => {
    const handle = event.target.closest("[data-handle]");
    if (!handle || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    move(handle.closest("[data-lane]"), event.key === "ArrowDown" ? 1 : -1);
  });
  dragRows();
  for (const button of tools.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => zoom(Number(button.dataset.zoom)));
  tools.querySelector("[data-dense]").addEventListener("click", (event) => {
    const isDense = board.dataset.density !== "dense";
    board.dataset.density = isDense ? "dense" : "airy";
    event.currentTarget.setAttribute("aria-pressed", isDense);
    tell("changed");
    keep("density", board.dataset.density);
  });
  const fullButton = tools.querySelector("[data-full]");
  fullButton.addEventListener("click", () => full(fullButton));
  document.addEventListener("fullscreenchange", () => {
    if (document.fullscreenElement || !board.classList.contains("full")) return;
    board.classList.remove("full");
    fullButton.setAttribute("aria-pressed", "false");
    tell("changed");
  });
  hear("changed", () => { for (const row of rows()) if (row.hasAttribute("data-folded")) count(row); });
  hear("replaced", () => { for (const row of rows()) count(row); show(); });
}

export const scrolled = () => frame()?.scrollTop ?? 0;
