/* The settings form in Studio: errors beside their fields, and Studio told when it is saving. */
"use strict";
window.CompanionStudio = function CompanionStudio(runtime, element, options) {
  const part = element.jquery ? element[0] : element;
  window.CompanionEmbed(part);
  const root = part.querySelector(".companion-host").shadowRoot;
  const form = root.getElementById("studio-form");
  const notify = (name, data) => { if (runtime.notify) runtime.notify(name, data); };

  function showErrors(errors) {
    for (const old of form.querySelectorAll(".errorlist")) old.remove();
    for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
    const general = form.querySelector("[data-error=__all__]");
    general.textContent = errors.__all__ || "";
    general.hidden = !errors.__all__;
    let first = null;
    for (const [name, text] of Object.entries(errors)) {
      const input = form.querySelector(`[name="${CSS.escape(name)}"]`);
      if (!input) continue;
      const list = document.createElement("ul");
      list.className = "errorlist";
      list.id = `${input.id}-error`;
      list.append(Object.assign(document.createElement("li"), { textContent: text }));
      input.closest(".field, .check").append(list);
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", list.id);
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
        body: JSON.stringify(Object.fromEntries(new FormData(form))),
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
  form.querySelector("[data-cancel-studio]").addEventListener("click", () => notify("cancel", {}));
};
