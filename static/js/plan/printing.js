// On paper: the sheet takes the width of A3 and the largest of these sizes that lets it stand on one page, and its strings
// are drawn in it. Larger boards are printed over several pages, without strings.

import { board, grid } from "./page.js";
import { draw } from "./strings.js";

const SIZES = [7, 6, 5, 4]; // as plan.css names them, about points
const PAGE = 860; // px of A3 across that are left below the heading

function before() {
  board.classList.add("printing");
  const room = ["--gutter", "--corridor"].map((name) => [name, grid().style.getPropertyValue(name)]);
  grid().style.removeProperty("--gutter");
  grid().style.removeProperty("--corridor");
  const fits = SIZES.some((size) => {
    board.dataset.print = size;
    draw();
    return grid().getBoundingClientRect().height <= PAGE;
  });
  board.classList.toggle("large", !fits);
  if (!fits) board.dataset.print = SIZES[1];
  addEventListener("afterprint", () => after(room), { once: true });
}

function after(room) {
  board.classList.remove("printing", "large");
  delete board.dataset.print;
  for (const [name, value] of room) grid().style.setProperty(name, value);
  draw();
}

export function start() {
  addEventListener("beforeprint", before);
}
