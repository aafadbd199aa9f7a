// The server's clock on this page. The machine's own clock is never asked: it may be wrong by an hour. What passes is
// measured by performance.now(), which nobody sets; after a sleep, during which it may stand, the server is asked again.

const AGAIN_MS = 60_000;
const JUMP_MS = 2_000;

export class ServerTime {
  // `url` answers JSON with `now` in milliseconds; `onAnswer` is given each answer.
  constructor(url, onAnswer) {
    Object.assign(this, { url, onAnswer, offset: null, asking: false });
    this.gap = Date.now() - performance.now();
    setInterval(() => this.ask(), AGAIN_MS);
    setInterval(() => this.watch(), 1000);
    for (const event of ["pageshow", "online", "focus"]) addEventListener(event, () => this.ask());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.ask(); });
    this.ask();
  }

  // Milliseconds since 1970 by the server, or null before it first answered.
  now() {
    return this.offset === null ? null : performance.now() + this.offset;
  }

  async ask() {
    if (this.asking) return;
    this.asking = true;
    const start = performance.now();
    const answer = await fetch(this.url).then((r) => (r.ok ? r.json() : null)).catch(() => null);
    this.asking = false;
    if (!answer) return;
    // The answer was made about half-way between asking and hearing.
    this.offset = answer.now - (start + performance.now()) / 2;
    this.onAnswer(answer);
  }

  // The two clocks of this machine drift apart when it slept or somebody set one: what we know is worth nothing then.
  watch() {
    const gap = Date.now() - performance.now();
    if (Math.abs(gap - this.gap) > JUMP_MS) this.ask();
    this.gap = gap;
  }
}
