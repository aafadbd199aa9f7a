// Dependencies as strings, in one SVG over the grid. Colour and dash say the schedule, the end says the agreement, the
// badge the chance of coming late. Resolved ones are hidden until asked for, and everything that is not drawn is counted.

import { board, body, cardOf, cards, cellOf, grid, hear, isShown, oncePerFrame, rows } from "./page.js";
import { badgePlace, path, route } from "./routing.js";

const SVG = "http://www.w3.org/2000/svg";
const BADGES = 40; // With more strings than this, badges stand on those that are looked at only.
const QUANTUM = 6; // Gutters grow in steps, so that one string more does not move the board.

const known = new Map(); // id → String, as the server says it
const drawn = new Map(); // id → its elements
const choice = { view: "all", isResolvedShown: false, pinned: null };
let looked = null; // the card that is looked at: its strings stand out

const element = (name, attributes = {}) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

function canvas() {
  const base = grid();
  if (!base) return null;
  let svg = base.querySelector(":scope > svg.plan-strings");
  if (!svg) {
    svg = element("svg", { class: "plan-strings", "aria-hidden": "true", focusable: "false" });
    base.append(svg);
    drawn.clear();
  }
  return svg;
}

export function read() {
  known.clear();
  const source = body.querySelector("#plan-strings");
  for (const one of JSON.parse(source?.textContent || "[]")) known.set(one.id, one);
}

export function change(strings = [], gone = []) {
  for (const one of strings) known.set(one.id, one);
  for (const id of gone) known.delete(id);
}

export const all = () => [...known.values()];
export const of = (card) => all().filter((one) => [one.provider, one.consumer].includes(Number(card)));

// What was declined has no schedule.
const stateOf = (one) => (one.is_declined ? "declined" : one.schedule);

function isWanted(one) {
  if (one.is_resolved && !choice.isResolvedShown) return false;
  if (choice.view === "problems") return one.is_problem;
  if (choice.view === "card") return choice.pinned !== null && [one.provider, one.consumer].includes(choice.pinned);
  return true;
}

// All measuring at once, before anything is written: one layout.
function measure(base) {
  const zero = base.getBoundingClientRect();
  const style = getComputedStyle(base);
  const gutter = parseFloat(style.getPropertyValue("--gutter"));
  const corridor = parseFloat(style.getPropertyValue("--corridor"));
  const lanes = rows().filter(isShown);
  const box = (of) => {
    const r = of.getBoundingClientRect();
    return { left: r.left - zero.left, right: r.right - zero.left, top: r.top - zero.top, bottom: r.bottom - zero.top };
  };
  const ends = new Map();
  const obstacles = [];
  lanes.forEach((lane, row) => {
    [...lane.querySelectorAll("[data-cell]")].forEach((cell, column) => {
      obstacles[column] ??= [];
      const load = cell.querySelector("[data-load]");
      const head = load && isShown(load) ? box(load) : null;
      const inner = box(cell);
      const edge = { left: inner.left + gutter / 2, right: inner.right - gutter / 2 };
      const top = head ? head.top : inner.top + corridor / 2;
      const start = { ...edge, top, bottom: head ? Math.max(head.bottom, top + 12) : top + 16 };
      if (head) obstacles[column].push(head);
      ends.set(cell.dataset.cell, { id: cell.dataset.cell, column, row, ...start });
      const isFolded = lane.hasAttribute("data-folded");
      for (const card of cell.querySelectorAll("[data-card]")) {
        if (isFolded) {
          if (!card.closest("li").hidden) ends.set(Number(card.dataset.card), { ...start, id: `f${cell.dataset.cell}`, column, row });
          continue;
        }
        const found = box(card);
        // One that is filtered away has no size.
        if (found.bottom === found.top) continue;
        obstacles[column].push(found);
        ends.set(Number(card.dataset.card), { id: card.dataset.card, column, row, ...found });
      }
    });
  });
  return { ends, layout: { obstacles, ...bands(lanes, box, gutter, corridor) }, width: zero.width, height: zero.height };
}

function bands(lanes, box, gutter, corridor) {
  const gutters = [];
  for (const cell of lanes[0]?.querySelectorAll("[data-cell]") ?? []) {
    const { left, right } = box(cell);
    gutters.push({ low: left - (gutters.length ? gutter / 2 : 0), high: left + gutter / 2 });
    gutters.last = { low: right - gutter / 2, high: right };
  }
  if (gutters.last) gutters.push(gutters.last);
  const corridors = lanes.map((lane, n) => band(box(lane).top, n ? corridor / 2 : 0, corridor / 2));
  if (lanes.length) corridors.push(band(box(lanes[lanes.length - 1]).bottom, corridor / 2, 0));
  return { gutters, corridors };
}

const band = (y, above, below) => ({ low: y - above, high: y + below, middle: y + (below - above) / 2 });

// Room for the tracks: wider gutters where many strings run. True when the layout has changed by it.
function makeRoom(base, gutter, corridor) {
  const wanted = {
    "--gutter": `${clamp(gutter, 22, 64)}px`,
    "--corridor": `${clamp(corridor, 16, 40)}px`,
  };
  let isChanged = false;
  for (const [name, value] of Object.entries(wanted)) {
    const now = parseFloat(getComputedStyle(base).getPropertyValue(name));
    // Never smaller while somebody looks: what was given stays.
    if (parseFloat(value) <= now) continue;
    base.style.setProperty(name, value);
    isChanged = true;
  }
  return isChanged;
}

const clamp = (value, least, most) => Math.min(most, Math.max(least, Math.ceil(value / QUANTUM) * QUANTUM));

function sort() {
  const counts = { drawn: 0, conflict: 0, risk: 0, unplanned: 0, declined: 0, resolved: 0, elsewhere: 0, chosen: 0 };
  return { counts, wanted: all().filter((one) => {
    if (one.is_resolved) counts.resolved += 1;
    else if (one.is_problem) counts[stateOf(one)] += 1;
    return isWanted(one);
  }) };
}

// What the ways depend on: where everything stands, and what leads where. While it is the same, so are they.
let last = { mark: "", result: null };

function markOf({ ends, layout, width }, wanted) {
  const boxes = [...ends.values()].map((one) => [one.id, one.column, one.row, one.left, one.right, one.top, one.bottom]);
  const strings = wanted.map((one) => [one.id, one.provider, one.consumer, one.anchor]);
  return JSON.stringify([width, boxes, strings, layout.gutters, layout.corridors]);
}

export function draw() {
  const svg = canvas();
  if (!svg) return;
  const base = grid();
  const { counts, wanted } = sort();
  counts.chosen = wanted.length;
  let result = null;
  let measured = null;
  for (let pass = 0; pass < 2; pass += 1) {
    measured = measure(base);
    const { ends, layout } = measured;
    const mark = markOf(measured, wanted);
    if (mark === last.mark) { result = last.result; break; }
    const ready = wanted.flatMap((one) => {
      const from = ends.get(one.provider ?? one.anchor);
      const to = ends.get(one.consumer);
      return from && to ? [{ id: one.id, from, to }] : [];
    });
    result = route(ready, layout);
    last = { mark, result };
    if (!makeRoom(base, result.gutter, result.corridor)) break;
  }
  counts.drawn = result.ways.size;
  counts.elsewhere = wanted.length - counts.drawn;
  for (const name of ["width", "height"]) if (svg.getAttribute(name) !== `${measured[name]}`) svg.setAttribute(name, measured[name]);
  paint(svg, result.ways);
  board.dispatchEvent(new CustomEvent("plan:drawn", { detail: counts }));
}

function paint(svg, ways) {
  for (const [id, parts] of drawn) {
    if (ways.has(id)) continue;
    parts.group.remove();
    drawn.delete(id);
  }
  const taken = [];
  svg.classList.toggle("many", ways.size > BADGES);
  for (const [id, way] of ways) {
    const one = known.get(id);
    const parts = drawn.get(id) ?? born(svg, id);
    const d = path(way);
    const [x, y] = way[way.length - 1];
    set(parts, "class", [parts.group], `string ${stateOf(one)} ${one.agreement}${one.is_resolved ? " resolved" : ""}`);
    set(parts, "d", [parts.line, parts.hit], d);
    set(parts, "end", [parts.end], end(one.agreement, x, y), "d");
    const title = one.text ? `${one.text}. ${one.badge_title}` : one.badge_title;
    if (parts.said !== title) parts.title.textContent = parts.said = title;
    badge(parts, one, badgePlace(way, taken));
  }
  mark();
}

// Only what differs is written: what is written is drawn again, and most strings stay when one card moves.
function set(parts, name, elements, value, attribute = name) {
  if (parts.now[name] === value) return;
  parts.now[name] = value;
  for (const one of elements) one.setAttribute(attribute, value);
}

// A filled end is agreed, a square one delivered, an open one asked for, an open diamond: another iteration proposed; a
// cross: declined.
function end(agreement, x, y) {
  const r = 3.6;
  if (agreement === "delivered") return `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`;
  if (agreement === "declined") return `M${x - 4} ${y - 4}l8 8M${x + 4} ${y - 4}l-8 8`;
  if (agreement === "countered") return `M${x} ${y - 4.8}l4.8 4.8l-4.8 4.8l-4.8 -4.8z`;
  return `M${x - r} ${y}a${r} ${r} 0 1 1 ${2 * r} 0a${r} ${r} 0 1 1 ${-2 * r} 0z`;
}

function born(svg, id) {
  const group = element("g", { "data-string": id });
  const parts = {
    group,
    now: {}, // what stands in its attributes
    said: null,
    title: element("title"),
    hit: element("path", { class: "hit" }),
    line: element("path", { class: "line" }),
    end: element("path", { class: "end" }),
    badge: element("g", { class: "badge" }),
    plate: element("rect", { rx: 7, height: 15, y: -7.5 }),
    text: element("text", { "text-anchor": "middle", dy: "0.34em" }),
  };
  parts.badge.append(parts.plate, parts.text);
  group.append(parts.title, parts.hit, parts.line, parts.end, parts.badge);
  svg.append(group);
  drawn.set(id, parts);
  return parts;
}

function badge(parts, one, where) {
  set(parts, "badge", [parts.badge], `badge${one.has_history === false ? " unknown" : ""}`, "class");
  set(parts, "display", [parts.badge], where && one.badge ? "inline" : "none");
  if (!where || !one.badge) return;
  set(parts, "transform", [parts.badge], `translate(${where[0]} ${where[1]})`);
  if (parts.now.text === one.badge) return;
  parts.text.textContent = parts.now.text = one.badge;
  const width = 10 + one.badge.length * 5.6;
  parts.plate.setAttribute("width", width);
  parts.plate.setAttribute("x", -width / 2);
}

// The strings of the card that is looked at stand out, and the cards at their other ends are marked.
function mark() {
  const svg = canvas();
  const mine = looked === null ? [] : all().filter((one) => [one.provider, one.consumer].includes(looked) && drawn.has(one.id));
  svg.classList.toggle("looking", mine.length > 0);
  for (const old of svg.querySelectorAll(".string.on")) old.classList.remove("on");
  for (const old of body.querySelectorAll("[data-linked]")) delete old.dataset.linked;
  for (const one of mine) {
    const { group } = drawn.get(one.id);
    group.classList.add("on");
    for (const id of [one.provider, one.consumer]) {
      if (id && id !== looked) (cardOf(id) ?? cellOf(one.anchor))?.setAttribute("data-linked", stateOf(one));
    }
  }
  // What is looked at lies above the rest.
  if (mine.length) svg.append(...mine.map((one) => drawn.get(one.id).group));
}

export function look(card) {
  const id = card ? Number(card.dataset.card) : null;
  if (id === looked) return;
  looked = id;
  mark();
}

export const isLookedAt = () => looked;

export function choose(changes) {
  Object.assign(choice, changes);
  draw();
}

export const chosen = () => choice;

function watch() {
  const redraw = oncePerFrame(draw);
  let waiting = 0;
  let focused = null;
  const set = (card) => look(card ?? focused);
  body.addEventListener("pointerover", (event) => {
    const card = event.target.closest?.("[data-card]");
    const string = event.target.closest?.("[data-string]");
    clearTimeout(waiting);
    if (string) { waiting = setTimeout(() => only(Number(string.dataset.string)), 60); return; }
    waiting = setTimeout(() => set(card), card ? 90 : 160);
  });
  body.addEventListener("pointerleave", () => { clearTimeout(waiting); set(null); });
  body.addEventListener("focusin", (event) => {
    focused = event.target.closest("[data-card]");
    if (focused) choice.pinned = Number(focused.dataset.card);
    look(focused);
    if (choice.view === "card") redraw();
  });
  body.addEventListener("focusout", () => { focused = null; look(null); });
  new ResizeObserver(redraw).observe(body);
  hear("changed", redraw);
  hear("filtered", redraw);
  hear("replaced", () => { read(); draw(); });
  document.fonts?.ready.then(redraw);
}

// One string looked at: it and both of its cards.
function only(id) {
  const svg = canvas();
  const one = known.get(id);
  if (!one || !drawn.has(id)) return;
  looked = NaN;
  for (const old of svg.querySelectorAll(".string.on")) old.classList.remove("on");
  for (const old of body.querySelectorAll("[data-linked]")) delete old.dataset.linked;
  svg.classList.add("looking");
  drawn.get(id).group.classList.add("on");
  for (const end of [one.provider, one.consumer]) if (end) cardOf(end)?.setAttribute("data-linked", stateOf(one));
}

export function start() {
  read();
  draw();
  watch();
}

export const count = () => cards().length;
