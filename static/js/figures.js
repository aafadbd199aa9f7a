// Draws the figures of a page when they come into view, in the theme the page is in.
//
// A figure is a box with its spec beside it as JSON (templates/charts/figure.html). Colours in a spec are
// `var(--token)`; they are looked up when it is drawn and again when the theme changes.

// Plotly carries a style sheet for maps, which our content security policy refuses. It does not insert it where an
// element with this id is.
const MAP_STYLE = "9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53";
const NARROW = 430;
const CONFIG = { displayModeBar: false, responsive: true, showTips: false, doubleClick: "reset" };

let library = null;

function plotly(address) {
  library ??= new Promise((resolve, reject) => {
    const marker = document.createElement("meta");
    marker.id = MAP_STYLE;
    document.head.append(marker);
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(window.Plotly);
    script.onerror = reject;
    document.head.append(script);
  });
  return library;
}

// Plotly reads texts as a kind of HTML, links included: names are what people typed, so only our own marks stay marks.
function inert(text) {
  return text.replace(/<(?!br>|\/?b>|\/?extra>)/g, "&lt;");
}

function themed(value, styles) {
  if (typeof value === "string") {
    const token = /^var\((--[\w-]+)\)$/.exec(value);
    return token ? styles.getPropertyValue(token[1]).trim() : inert(value);
  }
  if (Array.isArray(value)) {
    return value.map((entry) => themed(entry, styles));
  }
  if (value && typeof value === "object") {
    // Where points lead is no text.
    const names = Object.entries(value);
    return Object.fromEntries(names.map(([key, entry]) => [key, key === "customdata" ? entry : themed(entry, styles)]));
  }
  return value;
}

function merge(base, patch) {
  const merged = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    const isNested = value && typeof value === "object" && !Array.isArray(value);
    merged[key] = isNested ? merge(base[key] || {}, value) : value;
  }
  return merged;
}

function prepared(figure, box) {
  const raw = JSON.parse(document.getElementById(figure.dataset.figure).textContent);
  const styles = getComputedStyle(document.documentElement);
  const spec = themed(raw, styles);
  let layout = spec.layout;
  const family = getComputedStyle(document.body).fontFamily;
  layout.font = { ...layout.font, family };
  layout.hoverlabel = { ...layout.hoverlabel, font: { ...layout.hoverlabel?.font, family } };
  // A finger that scrolls the page must not zoom the figure.
  layout.dragmode = matchMedia("(pointer: coarse)").matches ? false : "zoom";
  if (box.clientWidth < NARROW) {
    const units = layout.annotations.filter((note) => note.yref === "paper");
    layout = merge(layout, layout.meta.narrow || {});
    layout.annotations = units;
    // Names that stood in the margin become a legend, which needs room above.
    if (layout.showlegend) {
      layout.margin = { ...layout.margin, t: 44 };
      spec.data.forEach((trace) => delete trace.hoverlabel);
    }
  }
  return { data: spec.data, layout };
}

function follow(key, layout) {
  const pattern = layout.meta.link || "";
  if (key === undefined || key === "" || key === null || !(pattern || /^(\/|https?:)/.test(key))) {
    return;
  }
  window.location.assign(pattern ? pattern.replace("{}", encodeURIComponent(key)) : String(key));
}

// The points of a figure that lead somewhere, from left to right.
function stops(box) {
  const axis = box._fullLayout.xaxis;
  return box.data
    .flatMap((trace, curveNumber) =>
      (trace.customdata || []).map((key, pointNumber) => ({ key, curveNumber, pointNumber, x: trace.x[pointNumber] })),
    )
    .filter((stop) => stop.key !== "" && stop.key !== null && stop.x !== null)
    .sort((a, b) => axis.d2c(a.x) - axis.d2c(b.x));
}

// Left and right go through the points, Enter opens the one that is shown, Escape lets go of it.
function walk(box) {
  let place = -1;
  box.addEventListener("keydown", (event) => {
    const points = stops(box);
    const steps = { ArrowRight: place + 1, ArrowLeft: place < 0 ? points.length - 1 : place - 1, Home: 0, End: points.length - 1 };
    if (event.key in steps && points.length) {
      event.preventDefault();
      place = Math.min(Math.max(steps[event.key], 0), points.length - 1);
      const { curveNumber, pointNumber } = points[place];
      window.Plotly.Fx.hover(box, [{ curveNumber, pointNumber }]);
      say(wording(box, curveNumber, pointNumber));
    } else if (event.key === "Enter" && place >= 0) {
      follow(points[place].key, box.layout);
    } else if (event.key === "Escape") {
      place = -1;
      window.Plotly.Fx.unhover(box);
    }
  });
  box.addEventListener("blur", () => window.Plotly.Fx.unhover(box));
}

// A point in words, as it is hovered.
function wording(box, curveNumber, pointNumber) {
  const trace = box.data[curveNumber];
  const text = String(trace.text?.[pointNumber] || "").replaceAll("<br>", ", ").replaceAll("&lt;", "<");
  const unit = box.layout.meta.y;
  return unit ? `${text}: ${trace.y[pointNumber]} ${unit}` : text;
}

let voice = null;

// What a screen reader is told.
function say(text) {
  if (!voice) {
    voice = document.createElement("p");
    voice.className = "visually-hidden";
    voice.setAttribute("role", "status");
    document.body.append(voice);
  }
  voice.textContent = text;
}

const PICTURE = { width: 1000, scale: 2, line: 22 };

function slug(text) {
  return text.normalize("NFKD").replace(/[^\w]+/g, "-").replace(/^-+|-+$/g, "").toLowerCase().slice(0, 100);
}

// Words in lines of so many signs.
function folded(text, length) {
  return text.split(" ").reduce(
    (lines, word) => {
      const last = lines[lines.length - 1];
      const isFull = last && last.length + word.length >= length;
      return isFull ? [...lines, word] : [...lines.slice(0, -1), last ? `${last} ${word}` : word];
    },
    [""],
  );
}

// The figure in the colours of the page, under its question and its answer, named after both page and question.
async function picture(figure) {
  const box = figure.querySelector(".chart-box");
  const Plotly = await plotly(figure.dataset.plotly);
  const { data, layout } = prepared(figure, { clientWidth: PICTURE.width });
  const styles = getComputedStyle(document.documentElement);
  const question = figure.closest("section[aria-label]")?.getAttribute("aria-label") || "";
  const scope = document.title.split(" · ")[0];
  const ink = styles.getPropertyValue("--ink").trim();
  const when = figure.closest(".widget")?.querySelector("footer > span")?.textContent.split(" · ")[0] || "";
  const lines = [...folded(box.getAttribute("aria-label") || "", 130), when ? `${scope}, ${when}` : scope];
  const room = (lines.length + 1) * PICTURE.line + 20;
  layout.title = {
    text: inert(question || scope),
    font: { size: 17, weight: 600, color: ink },
    subtitle: { text: lines.map(inert).join("<br>"), font: { size: 13, color: ink } },
    x: 0, xref: "container", xanchor: "left", y: 1, yref: "container", yanchor: "top",
    pad: { l: 16, t: 14 },
  };
  layout.margin = { ...layout.margin, t: layout.margin.t + room, l: layout.margin.l + 16, b: layout.margin.b + 8 };
  layout.height += room + 8;
  layout.width = PICTURE.width;
  layout.paper_bgcolor = styles.getPropertyValue("--surface").trim();
  await Plotly.downloadImage(
    { data, layout, config: CONFIG },
    { format: "png", width: PICTURE.width, height: layout.height, scale: PICTURE.scale, filename: slug(`${scope} ${question}`) || "figure" },
  );
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-png]");
  if (button) {
    picture(button.closest("figure"));
  }
});

// Plotly follows the window by itself, but not the paper: `width` is said when printing.
async function draw(figure, isPrinting = false) {
  const box = figure.querySelector(".chart-box");
  const Plotly = await plotly(figure.dataset.plotly);
  const { data, layout } = prepared(figure, box);
  if (isPrinting) {
    layout.width = box.clientWidth;
  }
  await Plotly.react(box, data, layout, CONFIG);
  if (!("drawn" in figure.dataset)) {
    box.on("plotly_click", (event) => follow(event.points[0].customdata, layout));
    if ("links" in box.dataset) {
      walk(box);
    }
  }
  figure.dataset.drawn = String(box.clientWidth < NARROW ? "narrow" : "wide");
}

const seen = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) {
        seen.unobserve(entry.target);
        draw(entry.target);
      }
    }
  },
  { rootMargin: "300px" },
);

function watch(root) {
  root.querySelectorAll("figure[data-figure]:not([data-watched])").forEach((figure) => {
    figure.dataset.watched = "";
    seen.observe(figure);
  });
}

function drawn() {
  return document.querySelectorAll("figure[data-drawn]");
}

watch(document);
// Parts of a page are swapped by htmx; whatever brings a figure in, it is drawn.
new MutationObserver(() => watch(document)).observe(document.body, { childList: true, subtree: true });

const redraw = () => drawn().forEach((figure) => draw(figure));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme", "class"] });

// Crossing the narrow width changes where names stand; Plotly itself follows every other change of size.
let pending = 0;
window.addEventListener("resize", () => {
  cancelAnimationFrame(pending);
  pending = requestAnimationFrame(() => {
    drawn().forEach((figure) => {
      const width = figure.querySelector(".chart-box").clientWidth < NARROW ? "narrow" : "wide";
      if (figure.dataset.drawn !== width) {
        draw(figure);
      }
    });
  });
});

// Whoever prints gets every figure, also those not scrolled to, as wide as on paper and in its colours: the print
// styles hold on the screen while the figures are drawn.
function dress(from, to) {
  document.querySelectorAll(`link[media="${from}"][href*="print"]`).forEach((link) => {
    link.media = to;
  });
}

window.addEventListener("beforeprint", () => {
  dress("print", "all");
  document.querySelectorAll("figure[data-watched]").forEach((figure) => draw(figure, true));
});
window.addEventListener("afterprint", () => {
  dress("all", "print");
  redraw();
  requestAnimationFrame(() => window.dispatchEvent(new Event("resize")));
});
