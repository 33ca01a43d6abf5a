// The live part of every page: one socket that only notifies. An element marked data-live="TOPIC" then fetches its own
// fragment again (hx-get on the event "live"), so that a lost message never leaves a wrong screen.
(() => {
  "use strict";
  const LONGEST_PAUSE = 5000;
  const COALESCE = 30;
  const body = document.body;
  const banner = document.querySelector(".offline");
  const word = document.querySelector("#wire-word");
  const due = new Set();
  let cursor = body.dataset.cursor;
  let pause = 250;
  let timer = 0;

  function refresh() {
    timer = 0;
    for (const element of document.querySelectorAll("[data-live]")) {
      if (element.dataset.live.split(" ").some((topic) => due.has(topic))) {
        element.dispatchEvent(new CustomEvent("live"));
      }
    }
    due.clear();
  }

  function note(topic) {
    due.add(topic);
    timer ||= setTimeout(refresh, COALESCE);
  }

  function setOnline(isOnline) {
    banner.hidden = isOnline;
    body.classList.toggle("is-offline", !isOnline);
    if (word) word.textContent = isOnline ? "live" : "offline";
  }

  function connect() {
    const query = new URLSearchParams();
    for (const topic of body.dataset.topics.trim().split(/\s+/)) query.append("topic", topic);
    if (cursor) query.set("after", cursor);
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live?${query}`);
    socket.addEventListener("open", () => {
      pause = 250;
      setOnline(true);
    });
    socket.addEventListener("message", (message) => {
      const { seq, topic } = JSON.parse(message.data);
      cursor = seq;
      if (topic) note(topic);
    });
    socket.addEventListener("close", () => {
      setOnline(false);
      setTimeout(connect, pause * (0.75 + Math.random() / 2));
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    });
  }

  if (word && "WebSocket" in window) connect();

  // What a person looks for becomes the address of the fragment itself: then live updates show the same part of it, and
  // requests of one fragment never overtake each other.
  let seeking = 0;

  function seek(fragment, address) {
    fragment.setAttribute("hx-get", address);
    fragment.dispatchEvent(new CustomEvent("live"));
  }

  document.addEventListener("input", (event) => {
    const form = event.target.closest("[data-seek]");
    if (!form) return;
    const look = () => {
      const query = new URLSearchParams(new FormData(form));
      seek(document.querySelector(form.dataset.seek), `${form.dataset.parts}?${query}`);
    };
    clearTimeout(seeking);
    seeking = setTimeout(look, 150);
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-go]");
    if (button) seek(document.querySelector(button.dataset.at), button.dataset.go);
  });

  // ------------------------------------------------------------------------------------------------- time, as it passes
  const two = (number) => String(number).padStart(2, "0");

  function spell(seconds) {
    if (seconds >= 86400) return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
    if (seconds >= 3600) return `${Math.floor(seconds / 3600)}:${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
    return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  }

  class Ticking extends HTMLElement {
    connectedCallback() {
      this.timer = setInterval(() => this.tick(), 1000);
      this.tick();
    }

    disconnectedCallback() {
      clearInterval(this.timer);
    }

    say(text) {
      if (this.textContent !== text) this.textContent = text;
    }
  }

  customElements.define("oncue-left", class extends Ticking {
    tick() {
      const seconds = Math.ceil((Date.parse(this.dataset.deadline) - Date.now()) / 1000);
      this.toggleAttribute("data-soon", seconds < 60);
      this.say(seconds > 0 ? `${spell(seconds)} left` : "time is up");
    }
  });

  customElements.define("oncue-since", class extends Ticking {
    tick() {
      this.say(`for ${spell(Math.max(0, Math.floor((Date.now() - Date.parse(this.dataset.since)) / 1000)))}`);
    }
  });

  // Instants in the reader's own time zone: today's by the clock, others by the date.
  function localize(root) {
    for (const element of root.querySelectorAll("time:not([data-local])")) {
      const at = new Date(element.dateTime);
      const isToday = at.toDateString() === new Date().toDateString();
      const clock = `${two(at.getHours())}:${two(at.getMinutes())}`;
      element.textContent = isToday ? clock : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock}`;
      element.dataset.local = "";
    }
  }

  localize(document);
  document.addEventListener("htmx:after:swap", () => {
    localize(document);
    for (const element of document.querySelectorAll("oncue-left, oncue-since")) element.tick();
  });

  // ------------------------------------------------------------------------------------------------ questions, elsewhere
  const waiting = () => Number(document.querySelector("#inbox-link")?.dataset.waiting || 0);
  let known = waiting();
  const notify = document.querySelector("#notify");
  if (notify && "Notification" in window && Notification.permission === "default") {
    notify.hidden = false;
    notify.addEventListener("click", async () => {
      notify.hidden = (await Notification.requestPermission()) !== "default";
    });
  }

  document.addEventListener("htmx:after:swap", () => {
    const now = waiting();
    const isWanted = now > known && document.hidden && "Notification" in window && Notification.permission === "granted";
    if (isWanted) new Notification("Oncue", { body: `${now} waiting for your answer`, tag: "oncue-inbox" });
    known = now;
  });
})();
