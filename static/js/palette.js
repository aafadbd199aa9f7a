// The command palette: Ctrl-K (or Cmd-K) opens it, the server finds, arrows choose, Enter goes there.

const palette = document.getElementById("palette");
const input = palette?.querySelector("input");
const results = palette?.querySelector(".results");
const status = palette?.querySelector("[data-palette-status]");
let options = [];
let chosen = -1;
let asked = 0;
let timer = 0;

function choose(index) {
  options[chosen]?.setAttribute("aria-selected", "false");
  chosen = options.length ? (index + options.length) % options.length : -1;
  const option = options[chosen];
  if (!option) return input.removeAttribute("aria-activedescendant");
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", option.id);
}

async function find(text) {
  const number = ++asked;
  const address = new URL(palette.dataset.searchUrl, document.baseURI);
  address.searchParams.set("q", text);
  const answer = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (number !== asked) return; // A later question is under way.
  if (!answer?.ok) {
    status.textContent = "The search does not answer.";
    return;
  }
  results.innerHTML = await answer.text();
  options = [...results.querySelectorAll("a[role=option]")];
  chosen = -1;
  choose(0);
  status.textContent = options.length === 1 ? "1 result" : `${options.length} results`;
}

function open() {
  if (palette.open) return;
  palette.showModal();
  input.value = "";
  find("");
}

if (palette) {
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  for (const link of document.querySelectorAll("[data-palette-open]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      open();
    });
  }
  palette.addEventListener("click", (event) => {
    if (event.target === palette) palette.close();
  });
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => find(input.value), 120);
  });
  input.addEventListener("keydown", (event) => {
    const moves = { ArrowDown: chosen + 1, ArrowUp: chosen - 1 };
    if (event.key in moves) {
      event.preventDefault();
      choose(moves[event.key]);
    } else if (event.key === "Enter" && options[chosen]) {
      event.preventDefault();
      options[chosen].click();
    }
  });
}
