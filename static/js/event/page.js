// The page of the event: read again when the agenda, a vote or a link changed, but never under somebody's typing.

const GATHER_MS = 300;
const section = document.querySelector("[data-event]");
let waiting = 0;

async function read() {
  // A page without a part of its own is loaded anew.
  if (section.hasAttribute("data-whole")) return location.reload();
  const typing = section.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
  if (typing) {
    document.activeElement.addEventListener("blur", soon, { once: true });
    return undefined;
  }
  const answer = await fetch(section.dataset.part).catch(() => null);
  if (!answer?.ok) return undefined;
  const opened = [...section.querySelectorAll("details[open][id]")].map((one) => one.id);
  const focused = document.activeElement?.id;
  const news = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of section.querySelectorAll("[data-event-part]")) {
    const found = news.querySelector(`[data-event-part="${part.dataset.eventPart}"]`);
    if (found) part.replaceChildren(...found.childNodes);
  }
  opened.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
  if (focused) document.getElementById(focused)?.focus();
  return undefined;
}

function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(read, GATHER_MS);
}

section?.addEventListener("live", ({ detail }) => {
  const isOfParts = ["keys", "open", "timer"].includes(detail.kind) && !section.hasAttribute("data-whole");
  if (detail.kind === "event" || isOfParts) soon();
  if (detail.kind === "ballots") {
    const shown = section.querySelector(`[data-ballots="${Number(detail.data.poll)}"]`);
    if (shown) shown.textContent = Math.max(detail.data.votes, Number(shown.textContent));
  }
});
