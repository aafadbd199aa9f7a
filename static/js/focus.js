// What the page reads again by itself takes the keyboard with it: who stood on a link or a button in there stands on the
// same one afterwards, or where that is gone on the first thing of its part.

const PLACES = "a[href], button, summary, input, select, [tabindex]";
const main = document.getElementById("content");
let stood = null; // { wanted, at, part } of what had the keyboard before

// The same thing in the new part is what leads to or sends the same.
const sign = (place) => [place.tagName, place.getAttribute("href"), place.name, place.form?.getAttribute("action")].join();
const alike = (wanted) => [...main.querySelectorAll(PLACES)].filter((one) => sign(one) === wanted);

document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
  const active = document.activeElement;
  stood = null;
  if (active === main || !main?.contains(active)) return;
  const wanted = sign(active);
  stood = { wanted, at: alike(wanted).indexOf(active), part: target.id };
});

document.addEventListener("htmx:afterSettle", () => {
  if (!stood || (document.activeElement && document.activeElement !== document.body)) return;
  const { wanted, at, part } = stood;
  stood = null;
  const same = alike(wanted);
  (same[at] ?? same[0] ?? document.getElementById(part)?.querySelector(PLACES))?.focus({ preventScroll: true });
});
