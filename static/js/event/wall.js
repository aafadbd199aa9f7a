// The board on a wall: it only looks. At every piece of news it reads its part again; when its link is over, it goes dark.

import { counted } from "../plan/counting.js";
import { body, frame, grid } from "../plan/page.js";
import * as strings from "../plan/strings.js";

const GATHER_MS = 700;
const section = document.querySelector("[data-plan]");
let waiting = 0;
let reading = false;
let again = false;

// As large as all columns fit (static/css/event.css says how narrow one may be), and all rows too where that can be read.
const SIZES = [22, 20, 18, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7]; // px
const LEGIBLE = 12;

function fit() {
  const [outer, inner] = [frame(), grid()];
  if (!outer || !inner) return;
  const set = (size) => { inner.style.fontSize = `${size}px`; };
  const isWide = () => outer.scrollWidth <= outer.clientWidth;
  const isWhole = (size) => { set(size); return isWide() && outer.scrollHeight <= outer.clientHeight; };
  const whole = SIZES.find((size) => size >= LEGIBLE && isWhole(size));
  set(whole ?? SIZES.find((size) => { set(size); return size <= LEGIBLE && isWide(); }) ?? SIZES[SIZES.length - 1]);
}

// The strings may have asked for wider gutters.
function refit() {
  const before = grid()?.style.fontSize;
  if (!before || frame().scrollWidth <= frame().clientWidth) return;
  fit();
  if (grid().style.fontSize !== before) requestAnimationFrame(strings.draw);
}

// Rows that do not fit come by, a screenful at a time, unless motion is not wanted or somebody is at it.
const PAGE_SECONDS = 20;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

function page() {
  const outer = frame();
  if (!outer || calm.matches || outer.matches(":hover, :focus-within")) return;
  const isEnd = outer.scrollTop + outer.clientHeight >= outer.scrollHeight - 2;
  const head = outer.querySelector("thead")?.offsetHeight ?? 0;
  outer.scrollTo({ top: isEnd ? 0 : outer.scrollTop + 0.9 * (outer.clientHeight - head), behavior: "smooth" });
}

async function read() {
  if (reading) {
    again = true;
    return;
  }
  reading = true;
  const answer = await fetch(section.dataset.part).catch(() => null);
  reading = false;
  if (answer?.status === 404 || answer?.status === 410) location.reload();
  if (answer?.ok) {
    const html = await answer.text();
    const top = frame()?.scrollTop;
    body.innerHTML = html;
    fit();
    strings.read();
    strings.draw();
    if (top) frame().scrollTop = top;
  }
  if (again || answer?.status === 429) soon(again ? GATHER_MS : 10_000);
  again = false;
}

function soon(after = GATHER_MS) {
  clearTimeout(waiting);
  waiting = setTimeout(read, after);
}

section.addEventListener("live", ({ detail }) => {
  if (detail.kind === "refused") read();
  if (["written", "chances", "open"].includes(detail.kind)) soon();
});
// A revoked link ends the stream, and asking is refused; the page looks by itself, too, so that none stays lit.
setInterval(soon, 60_000);
section.addEventListener("plan:drawn", ({ detail }) => {
  section.querySelector("[data-plan-count]").textContent = counted(detail);
  refit();
});
fit();
addEventListener("resize", fit);
setInterval(page, PAGE_SECONDS * 1000);
strings.start();
