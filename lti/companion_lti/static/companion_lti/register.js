/* Registering a platform: wait until it has been asked, then tell its window that we are done (1EdTech lti-dr 1.0). */
"use strict";
(() => {
  const platform = window.opener || (window.parent === window ? null : window.parent);
  // It holds nothing, and a platform's own frame may be of another origin than the one that we were sent to.
  const close = () => platform.postMessage({ subject: "org.imsglobal.lti.close" }, "*");

  const button = document.getElementById("close");
  if (button && platform) {
    button.hidden = false;
    button.addEventListener("click", close);
    if (button.closest("[data-close]")) close();
  }

  for (const copier of document.querySelectorAll("[data-copies]")) {
    const field = document.getElementById(copier.dataset.copies);
    const words = copier.textContent;
    copier.hidden = false;
    field.addEventListener("focus", () => field.select());
    copier.addEventListener("click", async () => {
      field.select();
      // Frames may not use the newer way; where neither works, what is selected can be copied by hand.
      const done = document.execCommand("copy") || await navigator.clipboard.writeText(field.value).then(() => true, () => false);
      if (!done) return field.focus();
      copier.textContent = copier.dataset.copied;
      setTimeout(() => { copier.textContent = words; }, 1500);
    });
  }

  const waiting = document.querySelector("[data-wait]");
  if (!waiting) return;
  const began = Date.now();
  const timer = setInterval(async () => {
    try {
      const { state } = await (await fetch(waiting.dataset.wait, { cache: "no-store" })).json();
      if (state !== "asked") { clearInterval(timer); location.reload(); }
    } catch { /* the next look will do */ }
    if (Date.now() - began > 15000) document.getElementById("slow").hidden = false;
  }, 1000);
})();
