// Who is here (templates/planning/presence.html): told by the live stream, or by asking where that cannot be heard.

function show(element, { count, people }) {
  element.querySelector("[data-here-count]").textContent = count;
  const lines = people.map(({ name }) => Object.assign(document.createElement("li"), { textContent: name }));
  if (count > people.length) {
    lines.push(Object.assign(document.createElement("li"), { textContent: `and ${count - people.length} more` }));
  }
  element.querySelector("[data-here-names]").replaceChildren(...lines);
}

for (const element of document.querySelectorAll("[data-here]")) {
  element.addEventListener("live", ({ detail }) => { if (detail.kind === "presence") show(element, detail.data); });
}
