// The theme switch: the page changes at once, the choice is kept with the user on the server.

const form = document.querySelector("[data-theme-form]");

function show(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  for (const button of form.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
}

form?.addEventListener("submit", (event) => {
  const theme = event.submitter?.value;
  if (!theme) return;
  event.preventDefault();
  show(theme);
  const body = new FormData(form);
  body.set("theme", theme);
  // Should the answer not come, the page keeps the look until it is left: nothing to announce.
  fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" } }).catch(() => {});
});
