// On paper: the sheet takes the width of A3 and the largest of these sizes that lets it stand on one page, and its strings
// are drawn in it. A larger board is laid out on several pages, cut between rows: each has the head, its rows, and the
// piece of the strings that runs past them, so that a string that leaves a page goes on at the same place of the next.

import { board, body, grid, rows } from "./page.js";
import { draw } from "./strings.js";

const SIZES = [7, 6, 5, 4]; // as plan.css names them, about points
const OVER_PAGES = 6;
const FIRST = 890; // px of A3 across that are left below the heading
const OTHERS = 985; // and on a page without one
const ROOM = ["--gutter", "--corridor"];

function before() {
  board.classList.add("printing");
  const room = ROOM.map((name) => [name, grid().style.getPropertyValue(name)]);
  narrow();
  const fits = SIZES.some((size) => height(size) <= FIRST);
  if (!fits) {
    narrow();
    height(OVER_PAGES);
    lay();
    board.classList.add("large");
  }
  addEventListener("afterprint", () => after(room), { once: true });
}

function narrow() {
  for (const name of ROOM) grid().style.removeProperty(name);
}

function height(size) {
  board.dataset.print = size;
  draw();
  return grid().getBoundingClientRect().height;
}

// Which rows stand on which page: as many as there is room for, one at least.
function parts(all, head) {
  const found = [];
  for (const row of all) {
    const { top, bottom } = row.getBoundingClientRect();
    const last = found.at(-1);
    const most = (found.length > 1 ? OTHERS : FIRST) - head;
    if (last && bottom - last.top <= most) Object.assign(last, { bottom, rows: [...last.rows, row] });
    else found.push({ top, bottom, rows: [row] });
  }
  return found;
}

function lay() {
  const sheet = grid();
  const zero = sheet.getBoundingClientRect();
  const head = sheet.querySelector("thead").getBoundingClientRect().height;
  const shown = rows().filter((row) => row.getClientRects().length);
  const found = parts(shown, head);
  const pages = document.createElement("div");
  pages.className = "plan-pages";
  found.forEach((part, n) => {
    const page = document.createElement("section");
    page.className = "plan-page";
    if (n) page.append(Object.assign(document.createElement("p"), { textContent: `${board.dataset.name}, sheet ${n + 1} of ${found.length}` }));
    page.append(copy(sheet, part, head, { width: zero.width, top: part.top - zero.top, height: part.bottom - part.top }));
    pages.append(page);
  });
  body.before(pages);
}

function copy(sheet, part, head, { width, top, height: tall }) {
  const made = sheet.cloneNode(false);
  made.removeAttribute("style");
  for (const name of ROOM) made.style.setProperty(name, sheet.style.getPropertyValue(name));
  const table = sheet.querySelector("table").cloneNode(false);
  table.append(heads(sheet.querySelector("thead")));
  for (const group of new Set(part.rows.map((row) => row.parentNode))) {
    const own = group.cloneNode(false);
    own.append(...part.rows.filter((row) => row.parentNode === group).map((row) => row.cloneNode(true)));
    table.append(own);
  }
  const svg = sheet.querySelector("svg.plan-strings").cloneNode(true);
  svg.setAttribute("viewBox", `0 ${top} ${width} ${tall}`);
  svg.setAttribute("width", width);
  svg.setAttribute("height", tall);
  svg.style.setProperty("top", `${head}px`);
  made.append(table, svg);
  return made;
}

// Columns as wide as those that the strings were drawn for, whatever stands in the rows of this page.
function heads(head) {
  const made = head.cloneNode(true);
  const wide = [...head.querySelectorAll("th")].map((one) => one.getBoundingClientRect().width);
  made.querySelectorAll("th").forEach((one, n) => one.style.setProperty("width", `${wide[n]}px`));
  return made;
}

function after(room) {
  board.querySelector(".plan-pages")?.remove();
  board.classList.remove("printing", "large");
  delete board.dataset.print;
  for (const [name, value] of room) grid().style.setProperty(name, value);
  draw();
}

export function start() {
  addEventListener("beforeprint", before);
}
