// Live pages. <section data-live-url="…/live/?topic=source:3"> hears events of its topics and fires "live" on itself
// (detail: {id, kind, data}), so that htmx can answer: hx-trigger="live". Where the stream cannot be heard (a proxy
// that cuts it, no such process), it fires "live" with kind "poll" every few seconds instead, which fetches as well.

const QUIET_SECONDS = 45; // The server says something at least every 20 s; longer silence is a dead line.
const POLL_SECONDS = 4;
const RETRY_SECONDS = 30;

class Live {
  constructor(element) {
    this.element = element;
    this.last = element.dataset.liveLast || "";
    this.failures = 0;
    this.listen();
    this.watch = setInterval(() => this.check(), 5000);
  }

  show(state, words) {
    for (const sign of this.element.querySelectorAll("[data-live-sign]")) {
      if (sign.dataset.liveState === state) continue;
      sign.dataset.liveState = state;
      sign.textContent = words;
    }
  }

  fire(kind, id, data) {
    this.element.dispatchEvent(new CustomEvent("live", { detail: { kind, id, data } }));
  }

  listen() {
    const address = new URL(this.element.dataset.liveUrl, document.baseURI);
    if (this.last) address.searchParams.set("last_event_id", this.last);
    this.heard = Date.now();
    this.stream = new EventSource(address, { withCredentials: true });
    this.stream.addEventListener("open", () => this.onOpen());
    this.stream.addEventListener("error", () => this.onError());
    this.stream.addEventListener("message", (event) => this.onMessage(event));
    this.stream.addEventListener("ping", () => { this.heard = Date.now(); });
  }

  onOpen() {
    this.heard = Date.now();
    this.failures = 0;
    clearInterval(this.polling);
    this.polling = 0;
    this.show("live", "live");
  }

  onMessage(event) {
    this.heard = Date.now();
    if (event.lastEventId) this.last = event.lastEventId;
    let data = {};
    try { data = JSON.parse(event.data); } catch { return; }
    this.fire(data.kind || "message", this.last, data.data ?? data);
  }

  // The browser tries again by itself with Last-Event-ID, unless the answer was final (closed).
  onError() {
    this.failures += 1;
    if (this.failures === 1 && this.stream.readyState !== EventSource.CLOSED) {
      this.show("lost", "connection lost, trying again");
      return;
    }
    this.poll();
    if (this.stream.readyState === EventSource.CLOSED) this.again();
  }

  poll() {
    if (this.polling) return;
    this.show("polling", `asking every ${POLL_SECONDS} s`);
    this.fire("poll", this.last, {});
    this.polling = setInterval(() => { if (!document.hidden) this.fire("poll", this.last, {}); }, POLL_SECONDS * 1000);
  }

  again() {
    this.stream.close();
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.listen(), RETRY_SECONDS * 1000);
  }

  check() {
    if (!this.element.isConnected) return this.stop();
    if (this.stream.readyState === EventSource.OPEN && Date.now() - this.heard > QUIET_SECONDS * 1000) {
      this.poll();
      this.again();
    }
  }

  stop() {
    this.stream.close();
    clearInterval(this.polling);
    clearInterval(this.watch);
    clearTimeout(this.retry);
  }
}

function start(root) {
  for (const element of root.querySelectorAll("[data-live-url]")) {
    if (!element.live) element.live = new Live(element);
  }
}

start(document);
document.addEventListener("htmx:load", (event) => start(event.target.parentElement || document));
