// The live part of every page: one socket that only notifies. An element marked data-live="TOPIC" then fetches its own
// fragment again (hx-get on the event "live"), so that a lost message never leaves a wrong screen.
(() => {
  "use strict";
  const LONGEST_PAUSE = 5000;
  const COALESCE = 30;
  const body = document.body;
  const banner = document.querySelector(".offline");
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
    document.dispatchEvent(new CustomEvent(isOnline ? "oncue:online" : "oncue:offline"));
  }

  function connect() {
    const query = new URLSearchParams();
    for (const topic of body.dataset.topics.split(" ")) query.append("topic", topic);
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

  if (body.dataset.topics && "WebSocket" in window) connect();
})();
