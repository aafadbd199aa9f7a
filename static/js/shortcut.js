// The key I opens the form that logs an impediment, from any page. It can be switched off in this browser (on that form):
// who speaks to their machine, or has a cat on the keyboard, needs that.

const KEY = "vmo-log-key";
const link = document.querySelector("[data-log-link]");
const hint = document.querySelector("[data-shortcut-hint]");
const isOff = () => localStorage.getItem(KEY) === "off";
const isTyping = (element) => Boolean(element?.closest("input, textarea, select, [contenteditable], dialog[open]"));

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "i" || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (!link || isOff() || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  link.click();
});

function tell() {
  const button = hint.querySelector("[data-shortcut-switch]");
  hint.hidden = false;
  hint.querySelector("[data-shortcut-text]").textContent = isOff() ? "is switched off in this browser." : "brings you here from any page.";
  button.textContent = isOff() ? "Switch it on" : "Switch it off";
}

if (hint) {
  hint.querySelector("[data-shortcut-switch]").addEventListener("click", () => {
    if (isOff()) localStorage.removeItem(KEY); else localStorage.setItem(KEY, "off");
    tell();
  });
  tell();
}
