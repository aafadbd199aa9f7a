// The timer of an event (templates/planning/timer.html), by the server's clock: right within a second everywhere.

import { ServerTime } from "../server-time.js";

const SAY_AT = [600, 300, 60];

function clock(seconds) {
  const whole = Math.abs(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const pad = (n) => String(n).padStart(2, "0");
  return h ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

function chime() {
  const sound = new AudioContext();
  [0, 0.35, 0.7].forEach((at) => {
    const tone = sound.createOscillator();
    const volume = sound.createGain();
    tone.frequency.value = 660;
    volume.gain.setValueAtTime(0.2, sound.currentTime + at);
    volume.gain.exponentialRampToValueAtTime(0.001, sound.currentTime + at + 0.3);
    tone.connect(volume).connect(sound.destination);
    tone.start(sound.currentTime + at);
    tone.stop(sound.currentTime + at + 0.3);
  });
}

class Timer {
  constructor(element) {
    this.element = element;
    this.part = (name) => element.querySelector(`[data-timer-${name}]`);
    this.state = JSON.parse(element.dataset.timerState);
    this.last = null;
    this.sounds = localStorage.getItem("timer-chime") === "on";
    this.time = new ServerTime(element.dataset.timerUrl, (state) => this.set(state));
    element.addEventListener("live", ({ detail }) => this.hear(detail));
    this.part("chime").hidden = false;
    this.part("chime").addEventListener("click", () => this.switchSound());
    this.part("chime").setAttribute("aria-pressed", this.sounds);
    setInterval(() => this.show(), 250);
  }

  hear({ kind, data }) {
    if (kind === "timer") this.set(data);
    if (kind === "open") this.time.ask();
  }

  // Told twice or late, an older state does not come back.
  set(state) {
    if (state.version < this.state.version) return;
    if (state.version > this.state.version) this.last = null;
    this.state = state;
    this.show();
  }

  left() {
    if (this.state.state === "paused") return this.state.left;
    const now = this.time.now();
    return now === null ? null : Math.ceil((this.state.ends_at - now) / 1000);
  }

  show() {
    this.element.hidden = this.state.state === "stopped";
    if (this.element.hidden) return;
    const left = this.left();
    if (left === null) return;
    this.element.dataset.timerIs = left < 0 ? "over" : this.state.state;
    this.part("title").textContent = this.state.title || "Timer";
    const words = left < 0 ? `over by ${clock(left)}` : clock(left);
    const text = this.state.state === "paused" ? `${words}, paused` : words;
    if (this.part("left").textContent !== text) this.part("left").textContent = text;
    this.say(left);
  }

  say(left) {
    const passed = (mark) => this.last !== null && this.last > mark && left <= mark;
    if (passed(0)) {
      this.part("said").textContent = `${this.state.title || "Timer"}: time is up.`;
      if (this.sounds) chime();
    } else {
      const mark = SAY_AT.find(passed);
      if (mark) this.part("said").textContent = `${this.state.title || "Timer"}: ${mark / 60} minutes left.`.replace(/\b1 minutes/, "1 minute");
    }
    this.last = left;
  }

  switchSound() {
    this.sounds = !this.sounds;
    localStorage.setItem("timer-chime", this.sounds ? "on" : "off");
    this.part("chime").setAttribute("aria-pressed", this.sounds);
    if (this.sounds) chime();
  }
}

function find() {
  for (const element of document.querySelectorAll("[data-timer]:not([data-timer-is-on])")) {
    element.setAttribute("data-timer-is-on", "");
    new Timer(element);
  }
}

find();
