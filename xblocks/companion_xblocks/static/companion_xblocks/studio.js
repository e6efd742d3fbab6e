/* The settings form in Studio: errors beside their fields, and Studio told when it is saving. */
"use strict";
window.CompanionStudio = function CompanionStudio(runtime, element, options) {
  const part = element.jquery ? element[0] : element;
  window.CompanionEmbed(part);
  const root = part.querySelector(".companion-host").shadowRoot;
  const form = root.getElementById("studio-form");
  const notify = (name, data) => { if (runtime.notify) runtime.notify(name, data); };

  /* Every value of a name: a set of boxes has several, or none. */
  function sent() {
    const values = {};
    for (const [name, value] of new FormData(form)) (values[name] ||= []).push(value);
    return values;
  }

  function showErrors(errors) {
    for (const old of form.querySelectorAll(".errorlist")) old.remove();
    for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
    const general = form.querySelector("[data-error=__all__]");
    general.textContent = errors.__all__ || "";
    general.hidden = !errors.__all__;
    let first = null;
    for (const [name, text] of Object.entries(errors)) {
      const inputs = form.querySelectorAll(`[name="${CSS.escape(name)}"]`);
      if (!inputs.length) continue;
      const [input] = inputs;
      const list = document.createElement("ul");
      list.className = "errorlist";
      list.id = `${input.id}-error`;
      list.append(Object.assign(document.createElement("li"), { textContent: text }));
      if (inputs.length > 1) input.closest("fieldset").querySelector("legend").after(list);
      else input.closest(".field, .check").append(list);
      for (const one of inputs) {
        one.setAttribute("aria-invalid", "true");
        one.setAttribute("aria-describedby", list.id);
      }
      first ||= input;
    }
    if (first) first.focus();
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    notify("save", { state: "start" });
    const name = root.querySelector(".companion").dataset.csrfCookie;
    const cookie = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
    const token = cookie ? decodeURIComponent(cookie.slice(name.length + 1)) : "";
    try {
      const response = await fetch(options.url, {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token },
        body: JSON.stringify(sent()),
      });
      const answer = await response.json();
      if (answer.errors) { notify("error", { title: "", message: Object.values(answer.errors).join(" ") }); showErrors(answer.errors); return; }
      showErrors({});
      notify("save", { state: "end" });
      form.dispatchEvent(new CustomEvent("companion:saved", { bubbles: true, composed: true }));
    } catch {
      showErrors({ __all__: root.querySelector(".companion").dataset.offline });
      notify("error", { title: "", message: root.querySelector(".companion").dataset.offline });
    }
  });
  /* The prompts of a template come after those that are there. */
  for (const button of form.querySelectorAll("[data-adds-prompts]")) {
    button.addEventListener("click", () => {
      const field = form.querySelector("[name=prompts]");
      field.value = [field.value.trim(), button.dataset.addsPrompts].filter(Boolean).join("\n\n");
      field.focus();
    });
  }
  form.querySelector("[data-cancel-studio]").addEventListener("click", () => notify("cancel", {}));
};
