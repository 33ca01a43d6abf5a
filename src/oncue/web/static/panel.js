// Dialogs, and the one button that starts a run: it sends the plan on screen, once, under the id that came with the panel.
(() => {
  "use strict";
  const PAUSE = 200;
  const sheet = document.querySelector("#sheet");
  const within = (selector) => sheet.querySelector(selector);
  let isSending = false;
  let thinking = 0;

  document.addEventListener("htmx:after:swap", () => {
    const settled = document.querySelector("#said [data-settled]")?.dataset.settled;
    const answered = settled && document.querySelector(`dialog [data-question="${CSS.escape(settled)}"]`);
    if (answered) leave(answered.closest("dialog"));
    sheet?.querySelector(".plan")?.removeAttribute("aria-busy");
    for (const dialog of document.querySelectorAll("dialog")) {
      if (dialog.childElementCount && !dialog.open) {
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
    if (button?.matches("[data-dismiss]")) button.closest(".said").remove();
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });

  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

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

  async function start(button) {
    if (isSending) return;
    isSending = true;
    button.disabled = true;
    const metadata = { page: location.pathname, width: innerWidth };
    const cue = { ui_trigger_id: within("#wishes").dataset.trigger, ui_trigger_source: "run_config_panel", ui_trigger_metadata: metadata };
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
