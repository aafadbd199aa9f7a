// Live pages. <section data-live="sync:12 source:3"> hears the events of its topics: "live" and "live:sync" are fired on
// it (detail: {topic, kind, data}), so htmx can answer with hx-trigger="live:sync". One stream serves the whole page.
// When it cannot be heard (a proxy that cuts it or holds it back, no such process) the log is asked every few seconds.
// A page without a login listens with <body data-live-key>.

const QUIET_SECONDS = 40; // The server says something every 15 s; longer silence is a dead line.
const POLL_SECONDS = 3;
const RETRY_SECONDS = 30;
// A proxy that holds answers back until they end never lets a stream open.
const OPEN_SECONDS = 10;
const WORDS = { live: "live", polling: `asking every ${POLL_SECONDS} s`, lost: "connection lost, trying again" };

const { liveUrl, livePoll, liveKey } = document.body.dataset;
let topics = [];
let cursor = "";
let stream = null;
let heard = 0;
let failures = 0;
let polling = 0;
let retry = 0;

function wanted() {
  const named = [...document.querySelectorAll("[data-live]")].flatMap((e) => e.dataset.live.split(/\s+/));
  return [...new Set(named.filter(Boolean))].sort();
}

function show(state) {
  for (const sign of document.querySelectorAll("[data-live-sign]")) {
    if (sign.dataset.liveState === state) continue;
    sign.dataset.liveState = state;
    sign.textContent = WORDS[state];
  }
}

function fire(topic, kind, data) {
  const detail = { topic, kind, data };
  for (const element of document.querySelectorAll("[data-live]")) {
    if (!element.dataset.live.split(/\s+/).includes(topic)) continue;
    element.dispatchEvent(new CustomEvent("live", { detail }));
    element.dispatchEvent(new CustomEvent(`live:${topic.split(":")[0]}`, { detail }));
  }
}

function address(base, place) {
  const url = new URL(base, document.baseURI);
  for (const topic of topics) url.searchParams.append("topic", topic);
  if (cursor) url.searchParams.set(place, cursor);
  if (liveKey) url.searchParams.set("key", liveKey);
  return url;
}

function listen() {
  clearTimeout(retry);
  heard = Date.now();
  stream = new EventSource(address(liveUrl, "last_event_id"), { withCredentials: true });
  stream.addEventListener("open", onOpen);
  stream.addEventListener("error", onError);
  stream.addEventListener("message", onMessage);
  stream.addEventListener("ping", () => { heard = Date.now(); });
}

function onOpen() {
  heard = Date.now();
  failures = 0;
  clearInterval(polling);
  polling = 0;
  show("live");
  // What happened between the making of the page and now is not in the stream yet: ask once.
  if (!cursor) topics.forEach((topic) => fire(topic, "open", {}));
}

function onMessage(event) {
  heard = Date.now();
  cursor = event.lastEventId || cursor;
  const { topic, kind, data } = JSON.parse(event.data);
  fire(topic, kind, data);
}

// The browser comes back by itself, with Last-Event-ID, unless the answer was final.
function onError() {
  failures += 1;
  if (failures > 1 || stream.readyState === EventSource.CLOSED) startPolling();
  else show("lost");
  if (stream.readyState === EventSource.CLOSED) again();
}

function again() {
  stream.close();
  clearTimeout(retry);
  retry = setTimeout(listen, RETRY_SECONDS * 1000);
}

async function ask() {
  const answer = await fetch(address(livePoll, "after")).catch(() => null);
  if (stream?.readyState === EventSource.OPEN && !polling) return undefined;
  // A key that was revoked or is over: the page decides what it shows then.
  if (liveKey && answer?.status === 404) topics.forEach((topic) => fire(topic, "refused", {}));
  if (!answer?.ok) return show("lost");
  const { events, after } = await answer.json();
  const isFirst = !cursor;
  cursor = after || cursor;
  show("polling");
  if (isFirst) topics.forEach((topic) => fire(topic, "open", {}));
  events.forEach((event) => fire(event.topic, event.kind, event.data));
  return undefined;
}

function startPolling() {
  if (polling) return;
  polling = setInterval(() => { if (!document.hidden) ask(); }, POLL_SECONDS * 1000);
  ask();
}

function check() {
  const now = wanted();
  if (now.join() !== topics.join()) {
    // Other topics have another cursor.
    stream?.close();
    topics = now;
    cursor = "";
    if (topics.length) listen();
  } else if (stream?.readyState === EventSource.OPEN && Date.now() - heard > QUIET_SECONDS * 1000) {
    startPolling();
    again();
  } else if (stream?.readyState === EventSource.CONNECTING && Date.now() - heard > OPEN_SECONDS * 1000) {
    startPolling();
  }
}

if (liveUrl) {
  check();
  setInterval(check, 5000);
  document.addEventListener("htmx:afterSettle", check);
  addEventListener("pagehide", () => stream?.close());
}
