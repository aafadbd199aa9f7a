// What is drawn and what is not, in words: nothing is left out silently.

import { cards } from "./page.js";

const STATES = [["conflict", "in conflict"], ["risk", "at risk"], ["unplanned", "unplanned"], ["declined", "declined"]];
const plural = (n, word, words = `${word}s`) => `${n.toLocaleString("en")} ${n === 1 ? word : words}`;

// "12 of 300 cards · 40 strings; of all, 3 in conflict, 5 at risk · 8 delivered ones hidden · 2 lead to cards that are not
// on view." `counts` as strings.js tells them when it has drawn.
export function counted(counts, isResolvedShown = false) {
  const all = cards();
  const shown = all.filter((card) => !card.closest("li").hidden && !card.closest("[data-lane]")?.hidden).length;
  const parts = [shown === all.length ? plural(shown, "card") : `${shown} of ${plural(all.length, "card")}`];
  const told = STATES.filter(([key]) => counts[key]).map(([key, label]) => `${counts[key]} ${label}`);
  parts.push(plural(counts.drawn, "string") + (told.length ? `; of all, ${told.join(", ")}` : ""));
  if (counts.resolved && !isResolvedShown) parts.push(`${plural(counts.resolved, "delivered one")} hidden`);
  if (counts.elsewhere) parts.push(`${counts.elsewhere} lead${counts.elsewhere === 1 ? "s" : ""} to cards that are not on view`);
  return `${parts.join(" · ")}.`;
}
