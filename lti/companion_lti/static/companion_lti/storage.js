/* LTI platform storage (1EdTech "LTI Client Side postMessages"): the platform's frame keeps the login's secret where
   cookies are blocked. Only the platform's own origin is asked and believed. Where it keeps nothing either, a window of
   its own is offered, before the platform's hints are used up. */
"use strict";
(() => {
  const { frame, origin, key, value } = document.body.dataset;
  const id = crypto.randomUUID ? crypto.randomUUID() : String(Math.random());

  function ask(message, wait) {
    const target = frame === "_parent" ? window.parent : window.parent.frames[frame] || window.parent;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(null), wait);
      window.addEventListener("message", (event) => {
        const answer = event.data;
        if (event.origin !== origin || !answer || answer.message_id !== id) return;
        if (answer.subject !== `${message.subject}.response`) return;
        clearTimeout(timer);
        resolve(answer.error ? null : answer);
      });
      target.postMessage({ ...message, message_id: id, key }, origin);
    });
  }

  function keepsCookies() {
    try {
      return document.cookie.includes("companion_keeps=");
    } catch {
      return false;
    }
  }

  function offerWindow() {
    const offer = document.getElementById("window");
    const link = offer.querySelector("a");
    document.getElementById("onward").hidden = true;
    document.getElementById("title").textContent = link.textContent;
    offer.hidden = false;
    link.addEventListener("click", () => { document.getElementById("opened").hidden = false; });
  }

  async function put() {
    // Both, where there are both: which of the two comes back, the launch will see.
    const kept = frame ? await ask({ subject: "lti.put_data", value }, 1000) : null;
    if (kept || keepsCookies() || window.parent === window) location.replace(document.getElementById("continue").href);
    else offerWindow();
  }

  async function get() {
    const answer = await ask({ subject: "lti.get_data" }, 2000);
    const form = document.getElementById("relaunch");
    form.elements.storage_value.value = (answer && answer.value) || "";
    form.submit();
  }

  if ("put" in document.body.dataset) put();
  else get();
})();
