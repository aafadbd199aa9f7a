// A voter's phone: when the vote is closed, its result is read, at a moment of its own (three hundred phones hear at once).

const page = document.querySelector("[data-vote]");
const SPREAD_MS = 2000;

async function look() {
  const state = await fetch(page.dataset.state).then((r) => (r.ok ? r.json() : null)).catch(() => null);
  if (state?.is_closed) location.reload();
}

if (page?.hasAttribute("data-vote-open")) {
  page.addEventListener("live", ({ detail }) => {
    if (detail.kind === "event" || detail.kind === "open") setTimeout(look, Math.random() * SPREAD_MS);
  });
}
