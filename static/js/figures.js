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

function themed(value, styles) {
  if (typeof value === "string") {
    const token = /^var\((--[\w-]+)\)$/.exec(value);
    return token ? styles.getPropertyValue(token[1]).trim() : value;
  }
  if (Array.isArray(value)) {
    return value.map((entry) => themed(entry, styles));
  }
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, themed(entry, styles)]));
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
  layout.font = { ...layout.font, family: getComputedStyle(document.body).fontFamily };
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

function follow(event, layout) {
  const point = event.points[0];
  const key = point.customdata;
  if (key === undefined || key === "" || key === null) {
    return;
  }
  const pattern = layout.meta.link;
  window.location.assign(pattern ? pattern.replace("{}", encodeURIComponent(key)) : String(key));
}

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
    box.on("plotly_click", (event) => follow(event, layout));
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
