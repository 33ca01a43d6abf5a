// The live part of every page: one socket that only notifies. An element marked data-live="TOPIC" then fetches its own
// fragment again (hx-get on the event "live"), so that a lost message never leaves a wrong screen.
const [LONGEST_PAUSE, COALESCE] = [2000, 30];
const body = document.body;
const banner = document.querySelector(".offline");
const word = document.querySelector("#wire-word");
const due = new Set();
let cursor = body.dataset.cursor;
let [pause, timer, refreshed] = [250, 0, -COALESCE];

// A page that nobody sees waits until somebody does; only what the browser may notify of goes on.
function refresh() {
  timer = 0;
  refreshed = performance.now();
  for (const element of due) {
    if (document.hidden && element.id !== "inbox-link") continue;
    due.delete(element);
    element.dispatchEvent(new CustomEvent("live"));
  }
}

// The first of several things is shown at once, the others together.
function note(topic) {
  for (const element of document.querySelectorAll("[data-live]")) {
    if (element.dataset.live.split(" ").includes(topic)) due.add(element);
  }
  timer ||= setTimeout(refresh, Math.max(0, refreshed + COALESCE - performance.now()));
}

function setOnline(isOnline) {
  if (isOnline) pause = 250;
  banner.togglePopover(!isOnline); // above every dialog
  body.classList.toggle("is-offline", !isOnline);
  if (word) word.textContent = isOnline ? "live" : "offline";
}

function connect() {
  const topics = body.dataset.topics.trim().split(/\s+/).map((topic) => ["topic", topic]);
  const query = new URLSearchParams(cursor ? [...topics, ["after", cursor]] : topics);
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live?${query}`);
  socket.addEventListener("open", () => setOnline(true));
  socket.addEventListener("message", (message) => {
    const { seq, topic } = JSON.parse(message.data);
    cursor = seq;
    if (topic) note(topic);
  });
  socket.addEventListener("close", async () => {
    setOnline(false);
    const me = await fetch("/api/v1/me").catch(() => null);
    if (me?.status === 401) return end();
    setTimeout(connect, pause * (0.75 + Math.random() / 2));
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  });
}

// Nothing outside an open dialog can be used, the way to sign in neither.
function end() {
  document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
  banner.replaceChildren(document.querySelector("#ended").content.cloneNode(true));
  setOnline(false);
}

document.addEventListener("ended", end);
if (word && "WebSocket" in window) connect();
document.addEventListener("visibilitychange", refresh);

// What a person looks for becomes the address of the fragment itself: then live updates show the same part of it, and
// requests of one fragment never overtake each other.
let seeking = 0;

function seek(fragment, address) {
  const page = new URL(address.replace("/parts", ""), location);
  for (const [name, value] of [...page.searchParams]) if (!value || name === "seen") page.searchParams.delete(name);
  history.replaceState(null, "", page);
  fragment.setAttribute("hx-get", address);
  fragment.dispatchEvent(new CustomEvent("live"));
}

// What was asked for before the wish changed is not shown: it would also write the old address back.
document.addEventListener("htmx:before:swap", (event) => {
  const { sourceElement, request } = event.detail.ctx;
  const [asked, wanted] = [request.action, sourceElement.getAttribute("hx-get")].map((path) => new URL(path ?? "", location).search);
  if (request.signal.aborted || (sourceElement.matches("[data-live]") && asked !== wanted)) event.preventDefault();
});

document.addEventListener("input", (event) => {
  const form = event.target.closest("[data-seek]");
  if (!form) return;
  const wish = new URLSearchParams(new FormData(form));
  if (event.target.type === "search") wish.delete("page");
  clearTimeout(seeking);
  seeking = setTimeout(() => seek(document.querySelector(form.dataset.seek), `${form.dataset.parts}?${wish}`), 150);
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

const words = {
  "oncue-left": (element) => {
    const seconds = Math.ceil((Date.parse(element.dataset.deadline) - Date.now()) / 1000);
    element.toggleAttribute("data-soon", seconds < 60);
    return seconds > 0 ? `${spell(seconds)} left` : "time is up";
  },
  "oncue-since": ({ dataset }) => `for ${spell(Math.max(0, Math.floor((Date.now() - Date.parse(dataset.since)) / 1000)))}`,
  // In the reader's own time zone: today's instants by the clock, others by the date.
  time: ({ dateTime }) => {
    const at = new Date(dateTime);
    const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} `;
    return `${at.toDateString() === new Date().toDateString() ? "" : date}${two(at.getHours())}:${two(at.getMinutes())}`;
  },
};

function tick() {
  for (const element of document.querySelectorAll(Object.keys(words))) {
    const text = words[element.localName](element);
    if (element.textContent !== text) element.textContent = text;
  }
}

tick();
setInterval(tick, 1000);
document.addEventListener("htmx:after:swap", tick);

// ------------------------------------------------------------------------------------------------ questions, elsewhere
const waiting = () => Number(document.querySelector("#inbox-link")?.dataset.waiting || 0);
let known = waiting();
const notify = document.querySelector("#notify");
if (notify && "Notification" in window && Notification.permission === "default") {
  notify.hidden = false;
  notify.onclick = async () => (notify.hidden = (await Notification.requestPermission()) !== "default");
}

document.addEventListener("htmx:after:swap", () => {
  const now = waiting();
  const isWanted = now > known && document.hidden && window.Notification?.permission === "granted";
  if (isWanted) new Notification("Oncue", { body: `${now} waiting for your answer`, tag: "oncue-inbox" });
  known = now;
});
