// Names people in a comment: after an @ those who match are offered, arrows choose, Enter or Tab takes one.
// Without this script a name is typed out; who is meant is found by the server in any case.

const MOST = 6;

for (const form of document.querySelectorAll("form[data-mentions]")) {
  const field = form.querySelector("textarea");
  const people = [...form.querySelectorAll("datalist option")].map((option) => option.value);
  const list = form.querySelector("[data-mention-list]");
  const said = form.querySelector("[data-mention-said]");
  let chosen = -1;

  const begun = () => field.value.slice(0, field.selectionStart).match(/(?:^|[^\p{L}\p{N}_])@([\p{L}\p{N}.' -]{0,40})$/u)?.[1];
  const options = () => [...list.children];

  function choose(index) {
    const all = options();
    all[chosen]?.setAttribute("aria-selected", "false");
    chosen = all.length ? (index + all.length) % all.length : -1;
    all[chosen]?.setAttribute("aria-selected", "true");
    if (chosen >= 0) field.setAttribute("aria-activedescendant", all[chosen].id); else field.removeAttribute("aria-activedescendant");
  }

  function close() {
    list.hidden = true;
    list.replaceChildren();
    choose(-1);
  }

  function take(name) {
    const text = begun();
    const end = field.selectionStart;
    field.setRangeText(`${name} `, end - text.length, end, "end");
    close();
    field.focus();
  }

  function offer() {
    const text = begun();
    const found = text === undefined ? [] : people.filter((name) => name.toLowerCase().split(/\s+/).some((_, at, words) => words.slice(at).join(" ").startsWith(text.toLowerCase()))).slice(0, MOST);
    if (!found.length || found.some((name) => name.toLowerCase() === text.trim().toLowerCase())) { close(); return; }
    list.replaceChildren(...found.map((name, number) => {
      const line = document.createElement("li");
      line.textContent = name;
      line.id = `mention-${number}`;
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", "false");
      line.addEventListener("mousedown", (event) => { event.preventDefault(); take(name); });
      return line;
    }));
    list.hidden = false;
    choose(0);
    said.textContent = found.length === 1 ? "1 person" : `${found.length} people`;
  }

  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  field.addEventListener("input", offer);
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) {
      event.preventDefault();
      take(options()[chosen].textContent);
    } else if (event.key === "Escape") {
      event.preventDefault();
      close();
    }
  });
}
