// Dialogs, and the one button that starts a run: it sends the plan on screen, once, under an id made when the panel opened.
const [PAUSE, LONGEST_PAUSE] = [200, 4000];
const sheet = document.querySelector("#sheet");
const within = (selector) => sheet?.querySelector(selector);
const report = (text) => within("#start-problem")?.replaceChildren(text);
const draft = () => `draft ${document.querySelector(".who span").textContent} ${within("#wishes").dataset.draft}`;
let [trigger, thinking, pause] = ["", 0, PAUSE];

// crypto.randomUUID is there only over https and on this machine itself.
function newId() {
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})/, "$1-$2-4$3-8$4-");
}

document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  const settled = document.querySelector("#said [data-settled]")?.dataset.settled;
  const done = settled ? document.querySelector(`dialog:has([data-question="${CSS.escape(settled)}"])`) : null;
  done?.replaceChildren();
  done?.close();
  if (ctx.target.id === "plan" && ctx.swap !== "none") {
    pause = PAUSE;
    within(".plan").removeAttribute("aria-busy");
    if (thinking) outdate();
  }
  for (const dialog of document.querySelectorAll("dialog")) {
    if (dialog.childElementCount && !dialog.open) {
      trigger = newId();
      dialog.showModal();
      dialog.querySelector("[autofocus]")?.focus();
      // What was written when the panel was closed is there again when the same panel opens, until it is run.
      const comment = within("#comment");
      if (comment) comment.value ||= sessionStorage.getItem(draft()) ?? "";
      if (comment?.value) comment.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
  count();
});

document.addEventListener("close", (event) => event.target.replaceChildren(), true);

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.matches("[data-close]")) button.closest("dialog").close();
  if (button?.matches("[data-start]:not([aria-busy])")) start(button);
  if (button?.matches("[data-dismiss]")) button.closest(".said").remove();
});

// Focus on something that is gone goes to the part of the page where the reader was.
let [held, home] = [document.body, null];
document.addEventListener("focusin", ({ target }) => {
  [held, home] = [target, target.closest("dialog") ? home : target.closest("[data-live]")];
});

function refocus() {
  if (held.checkVisibility() || document.activeElement !== document.body) return;
  const part = document.querySelector("dialog[open]") ?? (home?.isConnected ? home : document.querySelector("main"));
  part.tabIndex = -1;
  part.focus({ preventScroll: true });
}
document.addEventListener("htmx:after:swap", refocus);
document.addEventListener("close", refocus, true);

// An option that stands for all or for none is chosen without others.
document.addEventListener("change", ({ target }) => {
  if (target.name !== "answer" || !target.checked) return;
  const rivals = target.matches("[data-alone]") ? "[name=answer]" : "[data-alone]";
  for (const rival of target.form.querySelectorAll(rivals)) rival.checked &&= rival === target;
});

// A menu closes when something in it was chosen, and when the reader turns to something else.
function fold(event) {
  const menu = document.querySelector("details.menu[open]");
  const place = event.type === "focusout" ? event.relatedTarget : event.target;
  const isInside = menu?.contains(place);
  const isDone = event.key === "Escape" || (event.type === "click" && place.closest("a, button"));
  if (!menu || !place || (isInside && !isDone)) return;
  menu.open = false;
  if (isInside) menu.querySelector("summary").focus();
}

for (const type of ["click", "keydown", "focusout"]) document.addEventListener(type, fold);

sheet?.addEventListener("input", (event) => {
  if (!event.target.form?.matches("#wishes")) return;
  sessionStorage.setItem(draft(), within("#comment").value);
  outdate();
  count();
  plan(PAUSE);
});

// A server that does not answer is asked again until it does; what it refuses (4xx) is shown in place of the plan.
for (const failure of ["htmx:error", "htmx:response:error"]) {
  document.addEventListener(failure, ({ target, detail: { ctx } }) => {
    if (target.id !== "wishes" || ctx.response?.status < 500) return;
    outdate();
    report("The plan could not be made; trying again.");
    pause = Math.min(2 * pause, LONGEST_PAUSE);
    plan(pause);
  });
}

function plan(delay) {
  clearTimeout(thinking);
  thinking = setTimeout(() => {
    thinking = 0;
    within("#wishes")?.dispatchEvent(new Event("again"));
  }, delay);
}

// Until the new plan is there, the one on screen is not what the form says.
function outdate() {
  within("[data-start]")?.setAttribute("disabled", "");
  within(".plan")?.setAttribute("aria-busy", "true");
}

function count() {
  const counter = within(".counter");
  if (!counter) return;
  const [length, limit] = [[...within("#comment").value].length, Number(counter.dataset.limit)];
  counter.textContent = `${length} of ${limit}`;
  counter.toggleAttribute("data-over", length > limit);
}

async function start(button) {
  button.ariaBusy = "true"; // disabled, it would lose the focus
  const [by, kept] = [{ page: location.pathname, width: innerWidth }, draft()];
  const cue = { ui_trigger_id: trigger, ui_trigger_source: "run_config_panel", ui_trigger_metadata: by };
  const said = { plan_digest: button.dataset.digest, reason: within("#reason").value };
  try {
    const answer = await fetch(button.dataset.start, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...JSON.parse(button.dataset.request), ...cue, ...said }),
    });
    if (answer.ok) {
      sessionStorage.removeItem(kept);
      return location.assign(button.dataset.next);
    }
    if (answer.status === 401) return document.dispatchEvent(new Event("ended"));
    const problem = await answer.json();
    if (answer.status === 409 && problem.plan) {
      within("[name=changed]").value = "yes";
      within("#wishes").dispatchEvent(new Event("again"));
      return void (within("[name=changed]").value = "");
    }
    report(`${problem.message}${problem.hint ? ` — ${problem.hint}` : ""}`);
  } catch {
    report("The server could not be reached. Nothing may have started; pressing Run again starts it once at most.");
  }
  button.ariaBusy = null;
}
