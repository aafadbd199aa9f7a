// The board on a wall: it only looks. At every piece of news it reads its part again; when its link is over, it goes dark.

import { counted } from "../plan/counting.js";
import { body } from "../plan/page.js";
import * as strings from "../plan/strings.js";

const GATHER_MS = 700;
const section = document.querySelector("[data-plan]");
let waiting = 0;
let reading = false;
let again = false;

// Nobody follows a link on a wall, and where they lead needs a login.
function still() {
  for (const link of body.querySelectorAll("a[href]")) link.removeAttribute("href");
  for (const card of body.querySelectorAll("[data-card]")) {
    card.removeAttribute("draggable");
    card.removeAttribute("tabindex");
  }
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
    body.innerHTML = await answer.text();
    still();
    strings.read();
    strings.draw();
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
still();
section.addEventListener("plan:drawn", ({ detail }) => {
  section.querySelector("[data-plan-count]").textContent = counted(detail);
});
strings.start();
