// The heading says what needs somebody, as the portal said it when the page was made (planning/queries/findings.py), and
// goes on saying it while cards move.

import { board, body, cards, hear } from "./page.js";
import { all } from "./strings.js";

const heading = document.querySelector("h1");
const title = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;

const columns = () => body.querySelectorAll("th.plan-col").length - 1; // without the unplanned one

function troubles() {
  const conflicts = all().filter((one) => one.schedule === "conflict" && !one.is_resolved && !one.is_declined).length;
  const declined = all().filter((one) => one.is_declined).length;
  const over = [...body.querySelectorAll("[data-load].red")].map((load) => load.closest("[data-cell]").dataset.label);
  const found = conflicts ? [`${title(conflicts, "conflict")} to solve`] : [];
  if (declined) found.push(`${declined} declined ${declined === 1 ? "dependency" : "dependencies"}`);
  if (over.length) found.push(over.length === 1 ? `${over[0]} is over capacity` : `${over.length} places over capacity`);
  return found;
}

function finding() {
  const many = cards().length;
  if (!columns()) return " has no iterations yet";
  if (!many) return " has no cards yet";
  const found = troubles();
  if (found.length) return `: ${found.join(", ")}`;
  const left = body.querySelectorAll('[data-cell$="-none"] [data-card], [data-cell="parking"] [data-card]').length;
  if (left) return `: ${many - left} of ${many} cards stand in an iteration`;
  return `: ${title(many, "card")}, no conflict, nobody over capacity`;
}

function say() {
  const text = board.dataset.name + finding();
  if (heading.textContent !== text) heading.textContent = text;
}

export function start() {
  hear("followed", say);
  hear("replaced", say);
}
