/* LTI platform storage (1EdTech "LTI Client Side postMessages"): the platform's frame keeps the login's secret where
   cookies are blocked. Only the platform's own origin is asked and believed. */
"use strict";
(() => {
  const { frame, origin, key, value } = document.body.dataset;
  const target = frame === "_parent" ? window.parent : window.parent.frames[frame] || window.parent;
  const id = crypto.randomUUID ? crypto.randomUUID() : String(Math.random());

  function ask(message, wait) {
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

  if ("put" in document.body.dataset) {
    ask({ subject: "lti.put_data", value }, 1000).then(() => {
      location.replace(document.getElementById("continue").href);
    });
  } else {
    ask({ subject: "lti.get_data" }, 2000).then((answer) => {
      const form = document.getElementById("relaunch");
      form.elements.storage_value.value = (answer && answer.value) || "";
      form.submit();
    });
  }
})();
