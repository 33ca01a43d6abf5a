// Dialogs, and the one button that starts a run: it sends the plan on screen, once, under an id made when the panel opened.
(() => {
  "use strict";
  const PAUSE = 200;
  const sheet = document.querySelector("#sheet");
  const within = (selector) => sheet.querySelector(selector);
  let trigger = "";
  let isSending = false;
  let thinking = 0;

  // crypto.randomUUID is there only over https and on this machine itself.
  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  document.addEventListener("htmx:after:swap", () => {
    const settled = document.querySelector("#said [data-settled]")?.dataset.settled;
    const answered = settled && document.querySelector(`dialog [data-question="${CSS.escape(settled)}"]`);
    if (answered) leave(answered.closest("dialog"));
    sheet?.querySelector(".plan")?.removeAttribute("aria-busy");
    for (const dialog of document.querySelectorAll("dialog")) {
      if (dialog.childElementCount && !dialog.open) {
        trigger = newId();
        dialog.setAttribute("closedby", dialog === sheet ? "closerequest" : "any");
        dialog.showModal();
        dialog.querySelector("[autofocus]")?.focus();
        count();
      }
    }
  });

  document.addEventListener(
    "close",
    (event) => {
      clearTimeout(thinking);
      event.target.replaceChildren();
    },
    true,
  );

  function leave(dialog) {
    dialog.replaceChildren();
    dialog.close();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.matches("[data-close]")) button.closest("dialog").close();
    if (button?.matches("[data-start]")) start(button);
    if (button?.matches("[data-use]")) useSettings(button);
    if (button?.matches("[data-dismiss]")) button.closest(".said").remove();
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

  if (!sheet) return;

  // Until the new plan is there, the one on screen is not what the form says.
  sheet.addEventListener("input", (event) => {
    if (!event.target.form?.matches("#wishes")) return;
    within("[data-start]")?.setAttribute("disabled", "");
    within(".plan").setAttribute("aria-busy", "true");
    count();
    clearTimeout(thinking);
    thinking = setTimeout(() => within("#wishes").dispatchEvent(new Event("again")), PAUSE);
  });

  function count() {
    const counter = sheet?.querySelector(".counter");
    if (!counter) return;
    const length = [...within("#comment").value].length;
    const limit = Number(counter.dataset.limit);
    counter.textContent = `${length} of ${limit}`;
    counter.toggleAttribute("data-over", length > limit);
  }

  // Advice fills the form, and starts nothing.
  function useSettings(button) {
    const form = within("#wishes");
    form.reset();
    for (const box of form.querySelectorAll("[type=checkbox]")) box.checked = false;
    for (const [name, value] of JSON.parse(button.dataset.use)) {
      for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
        if (field.matches("[type=checkbox], [type=radio]")) field.checked ||= field.value === value;
        else field.value = value;
      }
    }
    within("[name=recommendation]").value = button.dataset.recommendation;
    within("#comment").dispatchEvent(new Event("input", { bubbles: true }));
  }

  async function start(button) {
    if (isSending) return;
    isSending = true;
    button.disabled = true;
    const metadata = { page: location.pathname, width: innerWidth };
    const cue = { ui_trigger_id: trigger, ui_trigger_source: "run_config_panel", ui_trigger_metadata: metadata };
    const said = { plan_digest: button.dataset.digest, reason: within("#reason").value };
    try {
      const answer = await fetch(button.dataset.start, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ ...JSON.parse(button.dataset.request), ...cue, ...said }),
      });
      if (answer.ok) return location.assign(button.dataset.next);
      const problem = await answer.json();
      if (answer.status === 409 && problem.plan) return lookAgain();
      report(`${problem.message}${problem.hint ? ` — ${problem.hint}` : ""}`);
      button.disabled = false;
    } catch {
      report("The server could not be reached. Nothing may have started; pressing Run again starts it once at most.");
      button.disabled = false;
    } finally {
      isSending = false;
    }
  }

  function lookAgain() {
    within("[name=changed]").value = "yes";
    within("#wishes").dispatchEvent(new Event("again"));
    within("[name=changed]").value = "";
  }

  function report(text) {
    const place = within("#start-problem");
    place.textContent = text;
    place.hidden = false;
  }
})();
