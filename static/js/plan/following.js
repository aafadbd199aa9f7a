// What others write, applied piece by piece, in the order of the log. Where a line is missing it is asked for; where rows
// or columns changed the board is read again. What happens while a card is in the hand waits until it is put down.

import { board, body, cardOf, cardsIn, cellOf, frame, hear, listIn, say, tell } from "./page.js";
import { inHand, isBusy } from "./moving.js";
import * as strings from "./strings.js";

const OWN_WAIT = 400; // ms; a write of ours that the stream has not told by then is asked for
const FLASH = 1600;

let number = Number(board.dataset.number);
let waiting = []; // lines that came while a card was in the hand
let isReading = null;
let isStale = false;
let newest = new Map(); // chances told since the board was read: a piece that was held back knows older ones

const part = (html) => {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
};

// Where the keyboard is, to be there again after a piece was replaced.
function keep() {
  const active = document.activeElement;
  const card = active?.closest?.("[data-card]")?.dataset.card;
  const row = card ? null : active?.closest?.("[data-lane]")?.dataset.lane;
  const part = ["[data-menu]", "[data-fold]", "[data-handle]"].find((one) => active?.matches?.(one));
  const isFrame = active !== null && active === frame();
  return () => {
    if (document.activeElement === active) return;
    if (isFrame) { frame()?.focus({ preventScroll: true }); return; }
    const now = card ? cardOf(card) : row && body.querySelector(`[data-lane="${row}"]`);
    const place = part ?? (row ? "[data-fold]" : null);
    (place ? now?.querySelector(place) : now)?.focus?.({ preventScroll: true });
  };
}

// What we moved stands where we put it until the log has told so: lines before that know its place of then.
const own = new Map();

function put(piece) {
  const old = cardOf(piece.id);
  const cell = cellOf(piece.cell);
  const made = part(piece.html);
  const fresh = made.matches("[data-card]") ? made : made.querySelector("[data-card]");
  const marks = old?.querySelector("[data-marks]");
  if (marks) fresh.querySelector("[data-marks]")?.replaceChildren(...marks.childNodes);
  const item = old?.closest("li") ?? document.createElement("li");
  item.replaceChildren(fresh);
  if (!cell) { item.remove(); return null; }
  const list = listIn(cell);
  const others = cardsIn(cell).filter((one) => one !== fresh).map((one) => one.closest("li"));
  const next = others[piece.rank] ?? null;
  if (item.parentNode !== list || (item.nextElementSibling ?? null) !== next) list.insertBefore(item, next);
  lay(String(piece.id));
  return fresh;
}

function pieces(data) {
  const back = keep();
  const scroll = [frame()?.scrollLeft, frame()?.scrollTop];
  for (const id of data.gone) cardOf(id)?.closest("li").remove();
  const fresh = data.cards.filter(({ id }) => !(own.get(String(id)) > data.number)).sort((a, b) => a.rank - b.rank).map(put);
  for (const { id, html } of data.cells) {
    cellOf(id)?.querySelector("[data-load-of]")?.replaceChildren(part(html));
  }
  strings.change(data.strings, data.gone_strings);
  back();
  if (frame()) [frame().scrollLeft, frame().scrollTop] = scroll;
  const isMine = String(data.who_id) === board.dataset.who;
  if (!isMine) flash(fresh);
  return isMine;
}

function flash(fresh) {
  for (const card of fresh) {
    card?.classList.add("fresh");
    setTimeout(() => card?.classList.remove("fresh"), FLASH);
  }
}

function apply(data) {
  if (data.number <= number) return;
  number = data.number;
  board.dataset.number = number;
  const isMine = pieces(data);
  tell("changed");
  tell("followed", data);
  if (!isMine) news(data);
}

// What others do is said below the tools, quietly: it never takes the word from what the reader is doing.
function news({ who, text }) {
  const place = board.querySelector("[data-plan-news]");
  if (place) place.textContent = `${who || "The portal"} ${text}`;
}

export async function catchUp() {
  if (isBusy()) { isStale = true; return; }
  const url = new URL(board.dataset.events, document.baseURI);
  url.searchParams.set("after", number);
  const answer = await fetch(url, { headers: { "X-Requested-With": "board" } }).catch(() => null);
  if (!answer?.ok) return;
  const { events, reload } = await answer.json();
  if (reload || events.some((event) => event.reload)) { await again(); return; }
  if (isBusy()) { isStale = true; return; }
  events.forEach(apply);
}

// Read the board again and keep the reader where they were.
export async function again() {
  if (isBusy()) { isStale = true; return; }
  const mine = {};
  isReading = mine;
  newest = new Map();
  const answer = await fetch(board.dataset.part, { headers: { "X-Requested-With": "board" } }).catch(() => null);
  if (!answer?.ok || isReading !== mine) return;
  const html = await answer.text();
  if (isBusy()) { isStale = true; return; }
  const back = keep();
  const scroll = [frame()?.scrollLeft, frame()?.scrollTop];
  body.innerHTML = html;
  const now = body.querySelector("[data-plan-number]")?.dataset.planNumber;
  if (now) number = Number(now);
  board.dataset.number = number;
  for (const id of newest.keys()) lay(id);
  tell("replaced");
  if (frame()) [frame().scrollLeft, frame().scrollTop] = scroll;
  back();
}

function onLive(event) {
  const { kind, data } = event.detail;
  if (kind === "open") catchUp();
  else if (kind === "written") onWritten(data);
  else if (kind === "chances") chances(data);
}

function onWritten(data) {
  if (data.number <= number) return;
  if (isBusy()) {
    waiting.push(data);
    if (data.cards.some((card) => String(card.id) === inHand())) say(`${data.who || "The portal"} ${data.text} while you hold it.`);
  } else if (data.number > number + 1) {
    catchUp();
  } else if (data.reload) {
    again();
  } else {
    apply(data);
  }
}

function onReleased() {
  const held = waiting;
  waiting = [];
  if (isStale) { isStale = false; again(); return; }
  held.sort((a, b) => a.number - b.number).forEach(onWritten);
}

export function chances({ cards, value }) {
  const worth = board.querySelector("[data-plan-value]");
  if (worth && value) {
    worth.textContent = value.text;
    worth.title = value.title;
  }
  for (const [id, chance] of Object.entries(cards ?? {})) {
    newest.set(id, chance);
    lay(id);
  }
}

function lay(id) {
  const place = newest.has(id) && cardOf(id)?.querySelector("[data-chance]");
  if (!place) return;
  const { text, tone, title } = newest.get(id);
  place.className = `chance ${tone}`;
  place.textContent = text;
  place.title = title ?? "";
}

export function start() {
  board.addEventListener("live", onLive);
  hear("moved", ({ detail }) => own.set(detail.id, detail.number));
  hear("released", onReleased);
  hear("written", ({ detail }) => {
    if (detail.number > number) setTimeout(() => { if (detail.number > number) catchUp(); }, OWN_WAIT);
  });
  addEventListener("online", catchUp);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) catchUp(); });
}
