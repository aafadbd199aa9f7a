// What the reader looks for: words, a stream, a row, cards with a problem; and which strings. What is hidden is counted.

import { counted } from "./counting.js";
import { board, body, cards, hear, rows, tell } from "./page.js";
import * as strings from "./strings.js";

const tools = board.querySelector("[data-plan-tools]");
const counter = board.querySelector("[data-plan-count]");
const wanted = { words: [], rows: "", initiative: "", state: "" };

const STATES = {
  problem: (card) => card.dataset.problems,
  low: (card) => card.querySelector(".chance.low"),
  open: (card) => card.dataset.size === "" && !card.classList.contains("milestone"),
  marked: (card) => card.querySelector("[data-marks]")?.childElementCount,
};

const words = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

function fits(card) {
  if (wanted.words.some((word) => !card.dataset.search.includes(word))) return false;
  if (wanted.initiative && !card.querySelector(`[data-initiative="${CSS.escape(wanted.initiative)}"]`)) return false;
  return !wanted.state || Boolean(STATES[wanted.state](card));
}

function apply() {
  const [kind, name] = wanted.rows ? wanted.rows.split(" ") : [];
  for (const row of rows()) {
    row.hidden = kind !== undefined && row.dataset[kind] !== name;
  }
  for (const card of cards()) card.closest("li").hidden = !fits(card);
  tell("filtered");
}

// The initiatives that this reader's marks name.
function initiatives() {
  const select = tools.querySelector("[data-filter=initiative]");
  const found = new Map([...body.querySelectorAll("[data-initiative]")].map((one) => [one.dataset.initiative, one.textContent.trim()]));
  const options = [...found].sort((a, b) => a[1].localeCompare(b[1])).map(([slug, name]) => new Option(name, slug));
  select.replaceChildren(new Option("all", ""), ...options);
  select.value = wanted.initiative;
  select.closest("label").hidden = !found.size;
}

function sum({ detail }) {
  counter.textContent = counted(detail, strings.chosen().isResolvedShown);
  const button = tools.querySelector("[data-resolved]");
  button.hidden = !detail.resolved;
  button.querySelector("[data-resolved-count]").textContent = detail.resolved;
}

export function start() {
  tools.hidden = false;
  tools.querySelector("[data-plan-find]").addEventListener("input", (event) => { wanted.words = words(event.target.value); apply(); });
  for (const select of tools.querySelectorAll("[data-filter]")) {
    select.addEventListener("change", () => { wanted[select.dataset.filter] = select.value; apply(); });
  }
  tools.querySelector("[data-strings-view]").addEventListener("change", (event) => strings.choose({ view: event.target.value }));
  tools.querySelector("[data-resolved]").addEventListener("click", (event) => {
    const isShown = event.currentTarget.getAttribute("aria-pressed") !== "true";
    event.currentTarget.setAttribute("aria-pressed", isShown);
    strings.choose({ isResolvedShown: isShown });
  });
  board.addEventListener("plan:drawn", sum);
  hear("replaced", apply);
  hear("followed", apply);
  hear("marked", () => { initiatives(); apply(); });
}

export const isFiltered = () => body.querySelector("li[hidden], [data-lane][hidden]") !== null;
