// The ways of strings around cards. Pure: rectangles in, points out; nothing here knows the page.
//
// Cards stand in columns; between columns are gutters (gutter g is left of column g), between rows are corridors
// (corridor r is above row r). A string leaves its provider to the right, goes through gutters and one corridor, or
// straight through cells that are empty there, and enters its consumer from the left. It never crosses a card.
// Strings that share a gutter or a corridor for a while get tracks of their own in it.

const STEP = 4.5; // between two tracks
const EDGE = 5; // between the outer track and what stands beside it
const PORT = 6; // between two strings on one card's edge
const CLEAR = 4; // between a straight line and a card
const BEND = 18; // what a detour through a corridor costs against a straight line, in px
const CROWD = 6; // what every string that is already in a corridor costs

// Where strings meet the edge of a card: spread over its height, in the order of their other ends.
function ports(strings, side, other) {
  const byCard = new Map();
  for (const one of strings) {
    const list = byCard.get(one[side].id) ?? [];
    list.push(one);
    byCard.set(one[side].id, list);
  }
  for (const list of byCard.values()) {
    const { top, bottom } = list[0][side];
    const step = Math.min(PORT, (bottom - top - 10) / list.length);
    const first = (top + bottom) / 2 - (step * (list.length - 1)) / 2;
    list.sort((a, b) => a[other].top - b[other].top || a.id - b.id);
    list.forEach((one, place) => { one[`${side}Y`] = first + step * place; });
  }
}

function isFree(obstacles, first, last, y) {
  for (let column = first; column <= last; column += 1) {
    for (const { top, bottom } of obstacles[column] ?? []) if (y > top - CLEAR && y < bottom + CLEAR) return false;
  }
  return true;
}

// Lines already drawn straight through cells: none may lie on another.
const lies = (taken, first, last, y) => taken.some((t) => Math.abs(t.y - y) < STEP && t.first <= last && t.last >= first);

function straight(one, out, into, layout, taken) {
  if (into < out) return null;
  for (const y of [one.fromY, one.toY]) {
    if (!isFree(layout.obstacles, out, into - 1, y) || lies(taken, out, into, y)) continue;
    taken.push({ y, first: out, last: into });
    return y;
  }
  return null;
}

function corridor(one, layout, crowd, first, last) {
  const [high, low] = [Math.min(one.from.row, one.to.row), Math.max(one.from.row, one.to.row) + 1];
  let best = null;
  for (let row = high; row <= low; row += 1) {
    const y = layout.corridors[row];
    let cost = Math.abs(one.fromY - y.middle) + Math.abs(one.toY - y.middle) + BEND;
    for (let column = first; column <= last; column += 1) cost += CROWD * (crowd.get(`${row}:${column}`) ?? 0);
    if (!best || cost < best.cost) best = { row, cost };
  }
  for (let column = first; column <= last; column += 1) {
    const key = `${best.row}:${column}`;
    crowd.set(key, (crowd.get(key) ?? 0) + 1);
  }
  return best.row;
}

// Tracks: stretches that overlap never share one. `ordered` go to the first track that is free for them.
function tracks(ordered, gap) {
  const ends = [];
  for (const stretch of ordered) {
    let track = ends.findIndex((list) => list.every((t) => t.high < stretch.low - gap || t.low > stretch.high + gap));
    if (track < 0) track = ends.push([]) - 1;
    ends[track].push(stretch);
    stretch.track = track;
  }
  return ends.length;
}

// Going down, the one that starts lowest stands leftmost, so that its way in crosses nobody's way down; going up, the other way.
const rising = (s) => (s.to < s.from ? 1 : 0);
const order = (a, b) => rising(a) - rising(b) || (rising(a) ? a.from - b.from : b.from - a.from);

function byPlace(stretches) {
  const found = new Map();
  for (const stretch of stretches) {
    const list = found.get(stretch.place) ?? [];
    list.push(stretch);
    found.set(stretch.place, list);
  }
  return found;
}

// Middle of track n of so many in a band; tracks stand in the middle of the band, closer when there are too many.
function at({ low, high }, n, many) {
  const step = Math.min(STEP, (high - low - 2 * EDGE) / Math.max(1, many));
  return (low + high) / 2 + (n - (many - 1) / 2) * step;
}

const vertical = (place, from, to) => ({ place, from, to, low: Math.min(from, to), high: Math.max(from, to) });

function plan(one, layout, crowd, taken) {
  const out = one.from.column + 1;
  const into = one.to.column;
  one.legs = [];
  one.aisle = null;
  if (out === into) {
    one.legs.push(vertical(out, one.fromY, one.toY));
    return;
  }
  const y = straight(one, out, into, layout, taken);
  if (y !== null) {
    // One bend: right behind the provider, or right before the consumer.
    one.legs.push(vertical(y === one.fromY ? into : out, one.fromY, one.toY));
    return;
  }
  const [first, last] = [Math.min(out, into), Math.max(out, into) - 1];
  const row = corridor(one, layout, crowd, first, last);
  const { middle } = layout.corridors[row];
  one.legs.push(vertical(out, one.fromY, middle), vertical(into, middle, one.toY));
  one.aisle = { place: row, low: Math.min(out, into), high: Math.max(out, into), from: 0, to: 0 };
}

// layout: { gutters: [{low, high}], corridors: [{low, high, middle}], obstacles: [[{top, bottom}] per column] }
// strings: [{ id, from: {id, column, row, top, bottom, right}, to: {…, left} }]
// Gives {ways: Map of id to [[x, y]…], gutter, corridor}: the widths that would give every track its room.
export function route(strings, layout) {
  ports(strings, "from", "to");
  ports(strings, "to", "from");
  const crowd = new Map();
  const taken = [];
  const near = (s) => Math.abs(s.to.column - s.from.column - 1);
  const sorted = [...strings].sort((a, b) => near(a) - near(b) || a.fromY - b.fromY || a.id - b.id);
  for (const one of sorted) plan(one, layout, crowd, taken);
  const inGutter = byPlace(sorted.flatMap((one) => one.legs));
  const inAisle = byPlace(sorted.flatMap((one) => one.aisle ?? []));
  const most = { gutter: 0, corridor: 0 };
  for (const list of inAisle.values()) {
    list.many = tracks(list.sort((a, b) => b.high - b.low - (a.high - a.low)), -1);
    most.corridor = Math.max(most.corridor, list.many);
  }
  for (const list of inGutter.values()) {
    list.many = tracks(list.sort(order), 3);
    most.gutter = Math.max(most.gutter, list.many);
  }
  const x = (leg) => at(layout.gutters[leg.place], leg.track, inGutter.get(leg.place).many);
  const y = (aisle) => at(layout.corridors[aisle.place], aisle.track, inAisle.get(aisle.place).many);
  const ways = new Map(strings.map((one) => [one.id, points(one, x, y)]));
  return { ways, gutter: room(most.gutter), corridor: room(most.corridor) };
}

const room = (many) => (many ? Math.ceil((many - 1) * STEP + 2 * EDGE + 2) : 0);

function points(one, x, y) {
  const way = [[one.from.right, one.fromY]];
  if (one.aisle) {
    const height = y(one.aisle);
    const [a, b] = one.legs.map(x);
    way.push([a, one.fromY], [a, height], [b, height], [b, one.toY]);
  } else {
    const a = x(one.legs[0]);
    way.push([a, one.fromY], [a, one.toY]);
  }
  way.push([one.to.left, one.toY]);
  return way;
}

// An SVG path through points of a way, with round corners.
export function path(way, radius = 6) {
  const [[x, y]] = way;
  const parts = [`M${round(x)} ${round(y)}`];
  for (let n = 1; n < way.length - 1; n += 1) {
    const [before, here, after] = [way[n - 1], way[n], way[n + 1]];
    const r = Math.min(radius, distance(before, here) / 2, distance(here, after) / 2);
    const a = toward(here, before, r);
    const b = toward(here, after, r);
    parts.push(`L${round(a[0])} ${round(a[1])}Q${round(here[0])} ${round(here[1])} ${round(b[0])} ${round(b[1])}`);
  }
  const end = way[way.length - 1];
  parts.push(`L${round(end[0])} ${round(end[1])}`);
  return parts.join("");
}

const round = (number) => Math.round(number * 10) / 10;
const distance = (a, b) => Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]);

function toward([x, y], [toX, toY], r) {
  const length = Math.abs(toX - x) + Math.abs(toY - y);
  return length ? [x + ((toX - x) / length) * r, y + ((toY - y) / length) * r] : [x, y];
}

// Where a badge stands: the middle of the longest stretch, or a place beside it that no badge has taken yet.
export function badgePlace(way, taken, width = 38, height = 15) {
  const legs = way.slice(1).map((to, n) => ({ from: way[n], to, length: distance(way[n], to) }));
  legs.sort((a, b) => b.length - a.length);
  for (const leg of legs.slice(0, 3)) {
    for (const share of [0.5, 0.38, 0.62, 0.25, 0.75, 0.12, 0.88]) {
      const x = leg.from[0] + (leg.to[0] - leg.from[0]) * share;
      const y = leg.from[1] + (leg.to[1] - leg.from[1]) * share;
      if (taken.some((t) => Math.abs(t[0] - x) < width && Math.abs(t[1] - y) < height)) continue;
      taken.push([x, y]);
      return [x, y];
    }
  }
  return null;
}
