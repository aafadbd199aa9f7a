// The navigation as a menu on narrow screens, and pickers that close when one looks elsewhere.

const nav = document.querySelector(".nav");
const button = nav?.querySelector(".menu-button");

function setMenu(open) {
  nav.dataset.menu = open ? "open" : "closed";
  button.setAttribute("aria-expanded", String(open));
}

if (button) {
  button.hidden = false;
  setMenu(false);
  button.addEventListener("click", () => setMenu(button.getAttribute("aria-expanded") !== "true"));
  nav.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && button.getAttribute("aria-expanded") === "true" && button.offsetParent) {
      setMenu(false);
      button.focus();
    }
  });
}

// A long list of boxes to tick: typing shows those that hold the text, and those that are ticked.
for (const group of document.querySelectorAll("[data-find]")) {
  const field = group.querySelector("input[type=search]");
  field.hidden = false;
  field.addEventListener("input", () => {
    const text = field.value.trim().toLowerCase();
    for (const line of group.querySelectorAll("label.check")) {
      line.hidden = !line.textContent.toLowerCase().includes(text) && !line.querySelector("input").checked;
    }
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}

function closePickers(except) {
  for (const picker of document.querySelectorAll("details.picker[open]")) {
    if (picker !== except) picker.open = false;
  }
}

document.addEventListener("click", (event) => closePickers(event.target.closest("details.picker")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const picker = event.target.closest?.("details.picker[open]");
  if (!picker) return;
  picker.open = false;
  picker.querySelector("summary").focus();
});
